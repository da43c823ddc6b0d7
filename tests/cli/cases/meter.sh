zone() { # zone ENTRY NAME MICROJOULES
    mkdir -p "sys/class/powercap/$1"
    echo "$2" >"sys/class/powercap/$1/name"
    echo 262143328850 >"sys/class/powercap/$1/max_energy_range_uj"
    echo "$3" >"sys/class/powercap/$1/energy_uj"
}

title "a machine without sensors: every source says why not"
mkdir empty
run meter --sysfs empty --nvml libnothing-of-this-name.so
exits 0
silent_err
narrow
out_has '^powercap +absent'
out_has '^nvml +absent'
out_has '^hwmon +absent'
out_has '^battery +absent'
run meter --sysfs empty --nvml libnothing-of-this-name.so --json
json_out
exits 0
out_has '"state": "absent"'

title "a simulated machine: zones and their roles"
zone intel-rapl:0 package-0 1000
zone intel-rapl:0:0 core 500
zone intel-rapl:1 psys 2000
zone intel-rapl-mmio:0 package-0 1000
run meter --sysfs sys
exits 0
silent_err
out_has '^powercap +opens'
out_has '^powercap +package-0 +package +counted +opens'
out_has '^powercap +package-0/core +core +part of package-0'
out_has '^powercap +package-0 +package +copy of package-0'
out_has '^powercap +psys +platform +covers'
run meter --sysfs sys --json
json_out
out_has '"role": "covers"'

title "garbage is not an absence"
echo nonsense >sys/class/powercap/intel-rapl:0/energy_uj
run meter --sysfs sys
exits 0
out_has '^powercap +package-0 +package +counted +garbled'

title "mistakes"
run meter powercap
exits 2
run meter --sysfs
exits 2
