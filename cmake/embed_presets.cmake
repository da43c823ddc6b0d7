# cmake -DOUT=file.c -DFOLDER=hardware -P embed_presets.cmake: every preset of the folder as a byte array, by name.
# Other text files: also -DPATTERN=*.csv -DTYPE=ajp_table -DLIST=ajp_tables -DHEADER=tables.h.
if(NOT DEFINED PATTERN)
  set(PATTERN "*.yaml")
  set(TYPE ajp_preset)
  set(LIST ajp_presets)
  set(HEADER presets.h)
endif()
file(GLOB presets "${FOLDER}/${PATTERN}")
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
get_filename_component(folder "${FOLDER}" NAME)
file(WRITE "${OUT}" "/* Generated from ${folder}/ by cmake/embed_presets.cmake; edit the ${PATTERN} files. */
#include \"${HEADER}\"

#include <stddef.h>

${arrays}
const ${TYPE} ${LIST}[] = {
${rows}    {NULL, NULL, 0},
};
")
