title "grid: zones with basis and source"
run grid
exits 0
silent_err
narrow
out_has '^FRA  *FR  *44\.18  *2024  *lifecycle  *France'
out_has '^US-CA  .*direct'
out_has '^gcp/us-central1  .*unstated'
run grid list --kind state --basis direct --json
exits 0
json_out
out_has '"zone": "US-TX"'
out_lacks 'unstated'
run grid show France
exits 0
narrow
out_has 'not scope 2'
out_has 'licence: CC BY 4.0'
out_has '56\.039 g CO2e/kWh'
run grid show azure/FR --json
exits 0
json_out
run grid table pue
exits 0
out_has '^aws,fleet,1\.135,ratio'
run grid table pue --json
json_out
run grid table
refused 2 'tables are accelerators, .*zones-us-states'
run grid table nothing
refused 2 "no table 'nothing'"
run grid shw
refused 2 "grid has no 'shw'"
run grid show Frnace
refused 1 "no zone 'Frnace'; near are FRA"
run grid show FR --basis direct
refused 1 'only of lifecycle'

title "a file of the user: used first, complaints name line and column"
head='zone,alias,kind,name,value,unit,year,basis,detail,series,source,licence'
printf '%s\nLAB,,site,roof,12,gCO2e/kWh,2024,direct,solar,own,meter,own\n' "$head" >mine.csv
run grid show LAB --zones mine.csv
exits 0
out_has 'roof \(LAB\): 12 g'
printf '%s\nLAB,,site,roof,twelve,gCO2e/kWh,2024,direct,solar,own,meter,own\n' "$head" >bad.csv
run grid show LAB --zones bad.csv
refused 1 "bad\.csv: line 2, column 'value': 'twelve' is not a number"
run estimate --zones none.csv --kwh 1
refused 1 'none\.csv'

title "estimate: hardware x hours"
run estimate --accelerator "V100 SXM2" --count 8 --hours 36 --zone FR --equivalents
exits 0
silent_err
narrow
out_has '^average power  *2600  *52  W  *modelled'
out_has '^location-based \(lifecycle .*not scope 2\)  *6\.45099 .*kg CO2e'
out_has '^market-based .*the grid'"'"'s factor'
out_has 'no residual mix is known'
out_has '^cloud, on-demand  *714\.24'
out_has 'Patterson et al\. 2021'
run estimate --accelerator "V100 SXM2" --count 8 --hours 36 --zone FR --offsets 100 --contracts 0.5 --json
exits 0
json_out
out_has '"offsets_kilograms_co2e": 100'
out_has '"residual_known": false'
out_has '"label": "location-based .lifecycle'
run estimate --convention strubell2019 --hours 1 --cpu-watts 32.2 --dram-watts 32.3 --watts 187.1
exits 0
out_has '^energy with PUE 1\.58  *0\.397528 '
out_has '^location-based .direct.*  0\.172021 '
run estimate --convention green-algorithms --hours 10 --count 2 --watts 300 --memory-gb 64 --pue 1.12 --zone US-IA --basis unstated
exits 0
out_has '^location-based .*  2\.05313 '
run estimate --convention cloud-carbon-footprint --vcpus 16 --cpu-family "Cascade Lake" --hours 10 --utilization 0.6 --zone aws/us-east-1
exits 0
out_has '^location-based .*  0\.181597 '
out_has 'a vCPU'
run estimate --vcpus 16 --hours 10
refused 1 'cloud-carbon-footprint'
run estimate --accelerator T4 --hours 1
exits 0
out_lacks 'kg CO2e/kWh'
out_lacks '^location-based'
out_has 'no zone was named'
run estimate --accelerator V100 --hours 1
refused 1 'V100 PCIe, V100 SXM2'
run estimate
refused 1 'neither energy nor hours'
run estimate --kwh 1 --watts 3
refused 2 'leave the watts out'
run estimate --kwh 1 --zone FR --residual 60
refused 1 'of basis direct, the grid.s factor of lifecycle'
run estimate --kwh 1 --zone FR --residual 60 --residual-basis lifecycle
exits 0
out_has '^market-based .lifecycle; residual mix'
run estimate --paper strubell
refused 2 'strubell2019'

title "hourly intensity"
printf 'timestamp,gco2_kwh\n2024-05-01T00:00Z,100\n2024-05-01T01:00Z,300\n' >hours.csv
run estimate --watts 1000 --count 1 --hours 1 --pue 1 --hourly hours.csv --start 2024-05-01T00:30Z
exits 0
out_has '^location-based .*  0\.2  '
run estimate --watts 1000 --hours 5 --hourly hours.csv --start 2024-05-01T00:30Z
refused 1 'hours\.csv covers 2 h'
run estimate --watts 1000 --hours 5 --hourly hours.csv
refused 2 'belong together'

title "papers: the 626,155 lb of the article, and why"
run estimate --paper strubell2019
exits 0
silent_err
narrow
out_has '^NAS, P100 x8  *emissions  *lb CO2e  *626155  *626155  *\+0\.00 %  reproduced'
out_has 'BERT-base, V100 x64  *energy with PUE .* close \[1\]'
out_has '18\.7 times less'
out_has '88 times less'
run estimate --paper strubell2019 --json
exits 0
json_out
run estimate --paper patterson2021
exits 0
narrow
out_has '^GPT-3  *energy with PUE  *MWh  *1287  *1289\.4 '
run estimate --paper patterson2021 --json
json_out
nothing_left mine.csv bad.csv hours.csv
