// Time as the desk counts it: only while it is open. All times are UTC.
import desk from "../data/desk.json";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Minutes between two moments during which the desk was open; 0 when `to` is not after `from`. */
export function openMinutesBetween(from: Date, to: Date): number {
  let open = 0;
  for (let day = startOfDay(from); day < to.getTime(); day += DAY) {
    if (!isWorkday(day)) continue;
    const opens = Math.max(day + desk.hours.opensAt * 60 * MINUTE, from.getTime());
    const closes = Math.min(day + desk.hours.closesAt * 60 * MINUTE, to.getTime());
    open += Math.max(0, closes - opens);
  }
  return Math.round(open / MINUTE);
}

/** "3h 05m", or "45m". */
export function inWords(minutes: number): string {
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${minutes}m` : `${hours}h ${String(minutes % 60).padStart(2, "0")}m`;
}

function startOfDay(moment: Date): number {
  return Date.UTC(moment.getUTCFullYear(), moment.getUTCMonth(), moment.getUTCDate());
}

function isWorkday(day: number): boolean {
  const date = new Date(day);
  const weekday = date.getUTCDay();
  return weekday !== 0 && weekday !== 6 && !desk.holidays.includes(date.toISOString().slice(0, 10));
}
