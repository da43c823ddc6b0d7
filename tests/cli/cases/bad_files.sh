needs_fixture
title "models"
run inspect missing.onnx
refused 1 'missing\.onnx'
printf 'not a model at all' >bad.onnx
run inspect bad.onnx
refused 1 'bad\.onnx'
head -c 200 "$model" >cut.onnx
run eval cut.onnx --data "$data"
refused 1 'cut\.onnx'
run inspect .
refused 1 '^aj: \.'

title "data"
mkdir -p magic sizes labels
for file in "$data"/*; do cp "$file" magic/ && cp "$file" sizes/ && cp "$file" labels/; done
printf 'XXXX' | dd of=magic/t10k-images-idx3-ubyte conv=notrunc 2>/dev/null
run eval "$model" --data ./magic
refused 1 'magic/t10k-images-idx3-ubyte.*'
head -c 100 "$data/t10k-images-idx3-ubyte" >sizes/t10k-images-idx3-ubyte
run eval "$model" --data ./sizes
refused 1 'sizes/t10k-images'
head -c 50 "$data/t10k-labels-idx1-ubyte" >labels/t10k-labels-idx1-ubyte
run eval "$model" --data ./labels
refused 1 'labels/t10k-labels'
run eval "$model" --data nosuchset
refused 1 'nosuchset'
run eval "$model" --data ./nosuchfolder
refused 1 'nosuchfolder'

title "a model and data of other sizes"
if [ -d /usr/share/datasets/fashion-mnist ]; then
    run eval "$model" --data fashion-mnist --samples 10
    refused 1 '784'
fi

title "hardware files"
check_yaml() { # status regex: what hardware.yaml is refused with
    run hardware check ./hardware.yaml
    refused "$1" "$2"
    run eval "$model" --data "$data" --on ./hardware.yaml
    refused 1 "$2"
}
"$AJ" hardware new homodyne >good.yaml
sed 's/^  photons_per_mac:/  fotons_per_mac:/' good.yaml >hardware.yaml
check_yaml 1 'hardware\.yaml.*fotons_per_mac'
sed 's/^\(  quantum_efficiency_ratio: {value: \)[^,]*/\11.2/' good.yaml >hardware.yaml
check_yaml 1 'hardware\.yaml.*quantum_efficiency_ratio'
sed 's/^\(  photons_per_mac: {value: \)[^,]*/\1-3/' good.yaml >hardware.yaml
check_yaml 1 'hardware\.yaml.*photons_per_mac'
sed 's/^\(  wavelength_meters:.*unit: \)m/\1kg/' good.yaml >hardware.yaml
check_yaml 1 'hardware\.yaml.*wavelength_meters'
sed 's/^family: homodyne/family: nothing/' good.yaml >hardware.yaml
check_yaml 1 'hardware\.yaml'
printf 'name: [unclosed\n' >hardware.yaml
check_yaml 1 'hardware\.yaml'
: >hardware.yaml
check_yaml 1 'hardware\.yaml'
run hardware check missing.yaml
refused 1 'missing\.yaml'

title "values on the command line"
set_refused() {
    run eval "$model" --data "$data" --on homodyne --set "$1"
    refused 2 "$2"
}
set_refused quantum_efficiency_ratio=1.2 'quantum_efficiency_ratio'
set_refused photons_per_mac=-1 'photons_per_mac'
set_refused photons_per_mac=many 'photons_per_mac'
set_refused detector_capacitance_farads=1kg 'detector_capacitance_farads'
set_refused fotons=1 'fotons'
set_refused weight_gain=column 'weight_gain'
set_refused photons_per_mac 'KEY=VALUE'
set_refused =1 'KEY=VALUE'
run eval "$model" --data "$data" --set photons_per_mac=1
refused 2 'add --on HW'
for grid in photons_per_mac photons_per_mac=1:2:cubic:3 photons_per_mac=0:1:log:3 fotons=1,2 photons_per_mac=1:2:log:0; do
    run sweep "$model" --data "$data" --on homodyne --vary "$grid"
    refused 2 "${grid%%=*}"
done

title "specs of trainings"
printf 'layers: [16, 4]\nlayrs: 3\n' >spec.yaml
run train spec.yaml --out x.onnx
refused 1 'spec\.yaml.*layrs'
absent x.onnx
run train missing.yaml --out x.onnx
refused 1 'missing\.yaml'

title "files of results"
printf '{"model": 3}\n' >bad.jsonl
run report bad.jsonl
refused 1 'bad\.jsonl'
run report missing.jsonl
refused 1 'missing\.jsonl'
: >empty.jsonl
run report empty.jsonl
refused 1 'empty\.jsonl'

nothing_left bad.onnx cut.onnx magic sizes labels good.yaml hardware.yaml spec.yaml bad.jsonl empty.jsonl
