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
out_has '^perf +absent'
out_has '^redfish +absent'
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

title "the share of a process: its tree, its cgroup, or why not"
process() { # process PID CGROUP
    mkdir -p "proc/$1/task/$1"
    echo "$1 (x) S 0 1 1 0 -1 0 9 9 9 9 5 5 0 0 20 0 1 0 7 99 9" >"proc/$1/stat"
    : >"proc/$1/task/$1/children"
    echo "0::$2" >"proc/$1/cgroup"
}
rm -r proc
process 1 /
process 9 /job
echo "cpu  1 0 0 9 7 0 0 5" >proc/stat
mkdir -p sys/fs/cgroup/job
echo 9 >sys/fs/cgroup/job/cgroup.procs
echo "usage_usec 5" >sys/fs/cgroup/job/cpu.stat
run meter --sysfs sys --procfs proc
exits 0
silent_err
out_has '^share of a process: opens: process 1 and what it starts'
run meter --sysfs sys --procfs proc --pid 9
exits 0
out_has '^share of a process: opens: cgroup /job'
run meter --sysfs sys --procfs proc --cgroup /job --json
json_out
out_has '"followed": "cgroup /job"'
run meter --sysfs sys --procfs proc --pid 8
exits 0
out_has '^share of a process: absent: there is no process 8 under proc'
rm proc/1/task/1/children
run meter --sysfs sys --procfs proc
out_has 'CONFIG_PROC_CHILDREN'

title "garbage is not an absence"
echo nonsense >sys/class/powercap/intel-rapl:0/energy_uj
run meter --sysfs sys --procfs empty
exits 0
out_has '^powercap +package-0 +package +counted +measured +garbled'

title "a management controller over the network, by a program that is not curl"
mkdir bin
printf '#!/bin/sh\nprintf "%%s\\n200" "{\\"PowerWatts\\": {\\"Reading\\": 321}}"\n' >bin/curl
chmod +x bin/curl
PATH="$PWD/bin:$PATH" run meter --sysfs sys --procfs proc --redfish https://bmc/redfish/v1/Chassis/1/Power
exits 0
out_has '^redfish +opens'
out_has '^redfish +node +platform +covers'
run meter --sysfs sys --redfish https://a:b@bmc/
exits 0
out_has 'netrc'

title "mistakes"
run meter powercap
exits 2
run meter --sysfs
exits 2
run meter --pid 0
exits 2
