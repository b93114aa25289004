// Text that others wrote, at a length that a message and a record can bear.

/** As JSON, so that no character of it acts; cut after `most` characters. */
export function quoted(text: string, most = 600): string {
  return JSON.stringify(shortened(text, most));
}

export function shortened(text: string, most = 600): string {
  return text.length <= most ? text : `${text.slice(0, most).toWellFormed()}… (${text.length} characters)`;
}
