// One thing that `doctor` looked at.
export interface Finding {
  readonly name: "database" | "clock" | "queue" | "secrets" | "redis";
  /** broken: nothing can be served so; doubtful: it works, and may not for long, or lets more happen than it should. */
  readonly state: "fine" | "doubtful" | "broken";
  readonly found: string;
  readonly remedy?: string | undefined;
}
