title "list"
run hardware list
exits 0
silent_err
narrow
out_has '^homodyne  *homodyne  *limit '
out_has '^homodyne-parts  *homodyne '
out_has '^digital-45nm  *digital '
out_has '^landauer  *digital '
cp stdout listed
run hardware
same_files stdout listed
run hardware list --json
json_out
out_has '"name": "homodyne-parts"'

title "show: every parameter with value, unit and source"
run hardware show homodyne
exits 0
silent_err
narrow
out_has '^photons_per_mac  *[0-9.]+  '
out_has '^wavelength_meters  *1\.55 µm  '
out_has '^quantum_efficiency_ratio  *1  '
run hardware show homodyne-parts
out_has '^detector_capacitance_farads  *1 fF  '
out_has '^wall_plug_ratio  *0\.2  '
run hardware show homodyne --json
exits 0
json_out
checks=$((checks + 1))
[ "$(grep -c '"source": ""' stdout)" -eq 0 ] || problem "a source is empty"

title "new gives a file that check accepts and that equals its preset"
# every family there is: a row of hardware.def
for family in $(sed -n 's/^HARDWARE(\([a-z0-9_]*\).*/\1/p' "$AJ_SOURCE_DIR/src/hardware/hardware.def"); do
    run hardware new "$family"
    exits 0
    cp stdout mine.yaml
    run hardware check mine.yaml
    exits 0
    silent_err
    out_has "^mine\.yaml: good: family $family"
    run hardware new "$family" --out mine2.yaml
    exits 0
    silent_out
    same_files mine.yaml mine2.yaml
done
run hardware new homodine
refused 2 "unknown family 'homodine'; known are .*homodyne"

title "every preset is good, and is refused when one value loses its source"
for preset in "$AJ_SOURCE_DIR"/hardware/*.yaml; do
    run hardware check "$preset"
    case $preset in
        */cpu-here.yaml) refused 1 "run 'aj bench MODEL' first" ;; # its figures are measured on the machine
        *) exits 0 ;;
    esac
    awk '!done && sub(/, *source: *"[^"]*"/, "") { done = 1 } { print }' "$preset" >nosource.yaml
    checks=$((checks + 1))
    ! cmp -s "$preset" nosource.yaml || problem "no source was taken out of $preset"
    run hardware check nosource.yaml
    exits 1
    err_has 'nosource\.yaml:[0-9]+: .*has no source'
done
rm -f nosource.yaml

title "diff"
run hardware diff homodyne homodyne
exits 0
out_has 'no parameter of homodyne and homodyne differs'
run hardware diff homodyne homodyne-parts
exits 0
out_has '^quantum_efficiency_ratio  *1  *0\.8$'
narrow
run hardware diff homodyne digital-45nm --json
exits 0
json_out

title "unknown preset"
run hardware show homodine
exits 1
one_sentence
err_has 'homodine'
silent_out
nothing_left listed mine.yaml mine2.yaml
