/** Amounts of data and time in words. */

import { t } from "../i18n";

/** Bytes as people read them: `12.3 MB`. */
export function size(bytes: number): string {
  const megabytes = bytes / 1_048_576;
  if (megabytes < 0.1) return `${Math.ceil(bytes / 1024)} KB`;
  return `${megabytes < 100 ? megabytes.toFixed(1) : Math.round(megabytes)} MB`;
}

/** How long something still takes. */
export function remaining(seconds: number): string {
  if (seconds < 60) return t("约剩 {seconds} 秒", { seconds: Math.max(1, Math.ceil(seconds)) });
  return t("约剩 {minutes} 分钟", { minutes: Math.ceil(seconds / 60) });
}
