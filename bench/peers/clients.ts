/** An answer that a client has had. */
export interface Answered {
  readonly tokens: number;
  /** Milliseconds until it came. */
  readonly firstToken: number;
}

/** What clients ask. */
export interface AskedServer {
  readonly name: string;
  /** How it is asked, and which it is. */
  readonly about: string;
  /** Makes ready for so many clients at a time: how one of them asks for an answer. */
  serve(clients: number): Promise<() => Promise<Answered>>;
  close(): Promise<void>;
}

/** So many clients, each of which asks once, and then again until the time is over. */
export async function together(
  clients: number,
  ask: () => Promise<Answered>,
  { until = 0 }: { until?: number } = {},
): Promise<Answered[]> {
  const answers: Answered[] = [];
  const client = async (): Promise<void> => {
    do answers.push(await ask());
    while (performance.now() < until);
  };
  await Promise.all(Array.from({ length: clients }, client));
  return answers;
}
