import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What the server counts, in Prometheus' format. */
export class Metrics {
  readonly registry = new Registry();
  readonly #requests = this.#counter('descent_requests_total', 'requests, by path and status', ['path', 'status']);
  readonly #prompt = this.#counter('descent_prompt_tokens_total', 'tokens of prompts', ['model']);
  readonly #shared = this.#counter(
    'descent_prompt_tokens_shared_total',
    'tokens of prompts that were not read again, because another began like them',
    ['model'],
  );
  readonly #generated = this.#counter('descent_generated_tokens_total', 'tokens of answers', ['model']);
  readonly #images = this.#counter('descent_images_total', 'images drawn', ['model']);
  readonly #firstToken = this.#histogram('descent_first_token_seconds', 'time from a request to its first token');
  readonly #seconds = this.#histogram('descent_request_seconds', 'time from a request to the end of its answer');

  request(path: string, status: number): void {
    this.#requests.inc({ path, status });
  }

  firstToken(model: string, seconds: number): void {
    this.#firstToken.observe({ model }, seconds);
  }

  answered(
    model: string,
    { prompt, shared, generated, seconds }: { prompt: number; shared: number; generated: number; seconds: number },
  ): void {
    this.#prompt.inc({ model }, prompt);
    this.#shared.inc({ model }, shared);
    this.#generated.inc({ model }, generated);
    this.#seconds.observe({ model }, seconds);
  }

  drawn(model: string, images: number, seconds: number): void {
    this.#images.inc({ model }, images);
    this.#seconds.observe({ model }, seconds);
  }

  /** Values that are asked for when the metrics are read. */
  gauge(name: string, help: string, values: () => Promise<readonly { model: string; value: number }[]>): void {
    new Gauge({
      name,
      help,
      labelNames: ['model'],
      registers: [this.registry],
      async collect() {
        this.reset();
        for (const { model, value } of await values()) this.set({ model }, value);
      },
    });
  }

  #counter<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  #histogram(name: string, help: string): Histogram<'model'> {
    const buckets = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100];
    return new Histogram({ name, help, labelNames: ['model'], buckets, registers: [this.registry] });
  }
}
