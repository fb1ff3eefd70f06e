import { quoted } from "../ssh/shellScript.ts";

/**
 * One look at a host, in plain `sh`: a line `key<TAB>value` for everything found. A program that hangs (a GPU driver, a Slurm controller that is
 * down) is ended after a few seconds and reported so.
 *
 * @param root where everything of ours will lie; `~` at its beginning is the user's home
 */
export function probeScript(root: string): string {
  return `
say() { printf '%s\\t%s\\n' "$1" "$(printf '%s' "$2" | tr '\\t\\r\\n' '   ' | cut -c1-400)"; }
each() { while IFS= read -r l; do [ -n "$l" ] && say "$1" "$l"; done; }
have() { command -v "$1" >/dev/null 2>&1; }
limit() { s=$1; shift; if have timeout; then timeout "$s" "$@"; else "$@"; fi; }
say os "$(uname -s) $(uname -m)"
[ -r /etc/os-release ] && say system "$(. /etc/os-release && printf '%s' "$PRETTY_NAME")"
have sw_vers && say system "macOS $(sw_vers -productVersion)"
say user "$(id -un)"
say home "$HOME"
say login_shell "\${SHELL:-}"
say cpus "$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo)"
[ -r /proc/meminfo ] && say memory_kib "$(awk '/MemTotal/{t=$2}/MemAvailable/{a=$2}END{print t, a}' /proc/meminfo)"
r=${quoted(root)}
case $r in "~"*) r="$HOME\${r#"~"}" ;; esac
say root "$r"
d=$r; while [ ! -d "$d" ] && [ "$d" != / ] && [ -n "$d" ]; do d=$(dirname "$d"); done
say root_writable "$([ -w "$d" ] && echo yes || echo no)"
limit 10 df -Pk "$d" 2>/dev/null | awk 'NR==2{print $2, $4, $6}' | each disk_kib
have quota && limit 10 quota -w 2>/dev/null | awk 'NR>2{print}' | each quota
for n in node $(ls -d "$HOME"/.vscode-server/cli/servers/*/server/node "$HOME"/.vscode-server/bin/*/node 2>/dev/null); do
  have "$n" && say node "$(limit 10 "$n" --version 2>/dev/null) $(command -v "$n")"
done
for p in \${RZERO_BASE_PYTHON:-python3.14 python3.13 python3.12 python3.11 python3}; do
  have "$p" && say python "$(limit 20 "$p" -c 'import importlib.util as u, sys; print("%d.%d.%d" % sys.version_info[:3], "yes" if u.find_spec("venv") and u.find_spec("ensurepip") else "no", sys.executable)' 2>/dev/null)"
done
for t in base64 sha256sum shasum openssl tar gzip; do have "$t" && say tool "$t"; done
if have nvidia-smi; then
  g=$(limit 20 nvidia-smi --query-gpu=index,name,memory.total,memory.used,utilization.gpu,driver_version --format=csv,noheader,nounits 2>&1) && printf '%s\\n' "$g" | each gpu || say gpu_error "$g"
fi
if have sinfo; then
  s=$(limit 10 sinfo -h -o '%P|%a|%l|%D|%G' 2>&1); c=$?
  say slurm "$(limit 10 sinfo --version 2>/dev/null || echo slurm)"
  if [ $c -eq 0 ]; then printf '%s\\n' "$s" | each partition; else say slurm_error "$([ $c -eq 124 ] && echo 'sinfo did not answer within 10 s' || printf '%s' "$s")"; fi
fi
if have bwrap; then
  if b=$(limit 10 bwrap --ro-bind / / --unshare-all --die-with-parent true 2>&1); then say sandbox ok; else say sandbox "$b"; fi
fi
[ -d "$r/agents" ] && ls "$r/agents" 2>/dev/null | each agent
say done yes
`;
}
