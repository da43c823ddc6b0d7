zone() { # zone ENTRY NAME MICROJOULES
    mkdir -p "sys/class/powercap/$1"
    echo "$2" >"sys/class/powercap/$1/name"
    echo 262143328850 >"sys/class/powercap/$1/max_energy_range_uj"
    echo "$3" >"sys/class/powercap/$1/energy_uj"
}

title "nothing at all: every source says why not"
mkdir empty
run meter --sysfs empty --procfs empty --nvml libnothing-of-this-name.so
exits 0
silent_err
narrow
out_has '^powercap +absent'
out_has '^nvml +absent'
out_has '^hwmon +absent'
out_has '^battery +absent'
out_has '^model +absent'
run meter --sysfs empty --procfs empty --nvml libnothing-of-this-name.so --json
json_out
exits 0
out_has '"state": "absent"'

title "a simulated machine: zones and their roles"
zone intel-rapl:0 package-0 1000
zone intel-rapl:0:0 core 500
zone intel-rapl:1 psys 2000
zone intel-rapl-mmio:0 package-0 1000
run meter --sysfs sys --procfs empty
exits 0
silent_err
out_has '^powercap +opens'
out_has '^powercap +package-0 +package +counted +measured +opens'
out_has '^powercap +package-0/core +core +part of package-0'
out_has '^powercap +package-0 +package +copy of package-0'
out_has '^powercap +psys +platform +covers'
run meter --sysfs sys --procfs empty --json
json_out
out_has '"role": "covers"'

title "a virtual machine without sensors: the model, and what it rests on"
mkdir proc
printf 'vendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\nmodel name\t: AMD EPYC\nstepping\t: 1\nflags\t\t: fpu hypervisor\n\n' >proc/cpuinfo
printf 'cpu  10 0 10 100 0 0 0 0\ncpu0 5 0 5 50\ncpu1 5 0 5 50\n' >proc/stat
echo 'MemTotal: 8000000 kB' >proc/meminfo
run meter --sysfs empty --procfs proc --nvml libnothing-of-this-name.so
exits 0
silent_err
narrow
out_has '^model +opens'
out_has '^model +package +package +counted +assumed +opens'
out_has '^model +dram +dram +counted +assumed +opens'
out_has '^model +machine +platform +covers +assumed +opens'
out_has 'assumed shape, four machines'
out_has 'EPYC 9004'
run meter --sysfs empty --procfs proc --json
json_out
out_has '"origin": "assumed"'
out_has 'assumed shape, four machines'

title "garbage is not an absence"
echo nonsense >sys/class/powercap/intel-rapl:0/energy_uj
run meter --sysfs sys --procfs empty
exits 0
out_has '^powercap +package-0 +package +counted +measured +garbled'

title "mistakes"
run meter powercap
exits 2
run meter --sysfs
exits 2
