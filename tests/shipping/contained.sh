# Runs a command as a container would: another user without a right, a file system that cannot be written but for
# its volume, /tmp and /dev/shm, and no way to gain more. Words: the volume, what is sealed though it is not on the
# root file system, the command.
set -eu
volume=$1 sealed=$2
shift 2
mount --bind "$volume" "$volume"
mount --bind "$sealed" "$sealed"
while read -r _ _ _ _ place _; do
    case $place in
        "$volume" | /proc* | /sys* | /dev | /dev/* | /tmp) ;;
        *) mount -o remount,bind,ro "$place" 2>/dev/null || true ;;
    esac
done </proc/self/mountinfo
mount -o remount,bind,ro "$sealed"
for place in "$sealed" /usr /var/tmp; do
    if touch "$place/written" 2>/dev/null; then
        echo "$place can be written" >&2
        exit 99
    fi
done
cd "$volume"
exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all --ambient-caps=-all -- "$@"
