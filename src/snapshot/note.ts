// A line for the operator about something that went wrong and did not matter to the run.

export type Note = (message: string) => void;

export function noNote(): void {}
