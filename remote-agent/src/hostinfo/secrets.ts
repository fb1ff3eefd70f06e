/** Variables of the environment that hold a secret: each goes only to the programs that need it. */
export type SecretVariable =
  | "WANDB_API_KEY"
  | "RZERO_ALARM_WEBHOOK"
  | "RZERO_ENGINE_TOKEN"
  | "OPENAI_API_KEY"
  | "HF_TOKEN"
  | "HUGGING_FACE_HUB_TOKEN";

const secrets: Record<SecretVariable, true> = {
  WANDB_API_KEY: true,
  RZERO_ALARM_WEBHOOK: true,
  RZERO_ENGINE_TOKEN: true,
  OPENAI_API_KEY: true,
  HF_TOKEN: true,
  HUGGING_FACE_HUB_TOKEN: true,
};

/** What the owner of a run uses itself or hands on. */
export const ownersSecrets = ["WANDB_API_KEY", "RZERO_ALARM_WEBHOOK", "RZERO_ENGINE_TOKEN"] as const;

/** The environment for a program that needs none of our secrets, or only those that are named. */
export function withoutSecrets(env: NodeJS.ProcessEnv, ...needed: readonly SecretVariable[]): NodeJS.ProcessEnv {
  const isOthers = (name: string) => name in secrets && !needed.some((own) => own === name);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !isOthers(name)));
}
