# cmake -DOUT=file.c -DFOLDER=hardware -P embed_presets.cmake: every preset of the folder as a byte array, by name.
file(GLOB presets "${FOLDER}/*.yaml")
list(SORT presets)
set(arrays "")
set(rows "")
set(number 0)
foreach(preset IN LISTS presets)
  get_filename_component(name "${preset}" NAME_WLE)
  file(READ "${preset}" bytes HEX)
  string(LENGTH "${bytes}" digits)
  math(EXPR size "${digits} / 2")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(REPEAT "0x..," 16 line)
  string(REGEX REPLACE "${line}" "\\0\n" bytes "${bytes}")
  string(APPEND arrays "static const unsigned char preset_${number}[] = {\n${bytes}};\n")
  string(APPEND rows "    {\"${name}\", (const char *)preset_${number}, ${size}},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE "${OUT}" "/* Generated from hardware/ by cmake/embed_presets.cmake; edit the .yaml files. */
#include \"presets.h\"

#include <stddef.h>

${arrays}
const ajp_preset ajp_presets[] = {
${rows}    {NULL, NULL, 0},
};
")
