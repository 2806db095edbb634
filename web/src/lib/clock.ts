/** The server's time, in the words of the page: a machine in a facility may have a wrong clock of its own. */

const HOUR_MS = 3_600_000;
const CHINA_MS = 8 * HOUR_MS;
const WEEKDAYS = {
  zh: ["周日", "周一", "周二", "周三", "周四", "周五", "周六"],
  en: ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"],
};
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

let ahead_ms: number | null = null;

/** Milliseconds since 1970 by the server's clock, which the page's own `<time data-island="clock">` tells. */
export function serverNow_ms(): number {
  if (ahead_ms === null) {
    const told = document.querySelector<HTMLTimeElement>('time[data-island="clock"]')?.dateTime;
    const loaded_ms = performance.timeOrigin;
    ahead_ms = told === undefined ? 0 : Date.parse(told) - loaded_ms;
  }
  return performance.timeOrigin + performance.now() + ahead_ms;
}

/** `9月28日 周一 09:12` or `Mon 28 Sep 09:12`, as `server/http/dates.py` words it, in China's time. */
export function moment(at_ms: number, language: string): string {
  const local = new Date(at_ms + CHINA_MS);
  const [day, month] = [local.getUTCDate(), local.getUTCMonth()];
  const time = local.toISOString().slice(11, 16);
  return language.startsWith("en")
    ? `${WEEKDAYS.en[local.getUTCDay()]} ${day} ${MONTHS[month]} ${time}`
    : `${month + 1}月${day}日 ${WEEKDAYS.zh[local.getUTCDay()]} ${time}`;
}

/** `4:38`: minutes and seconds of a time that runs; never below zero. */
export function running(left_ms: number): string {
  const seconds = Math.max(0, Math.ceil(left_ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
