import { Readable } from 'node:stream';
import { contentOf } from '../../data/messages.js';
import { chatLoop } from '../chat-loop.js';
import type { Invocation } from '../command.js';
import type { EngineFlags } from '../flags.js';
import type { GenerateConfig } from '../sampling-settings.js';
import { findModel, withEngine } from '../session.js';

export interface ChatFlags extends EngineFlags {
  readonly system?: string;
  readonly image?: readonly string[];
}

export async function chatCommand(invocation: Invocation<ChatFlags, GenerateConfig>): Promise<void> {
  const { positional, flags, config, answer, json, signal } = invocation;
  const [path, message] = positional as [string, string?];
  const folder = findModel(path);
  const messages = await withEngine(flags, (engine) =>
    chatLoop({
      engine,
      folder,
      signal,
      sampling: config,
      ...(flags.system !== undefined && { system: flags.system }),
      ...(flags.image && { images: flags.image }),
      // A message of several lines is still one message.
      ...(message !== undefined && { input: Readable.from([`${message.replaceAll('\n', ' ')}\n`]) }),
      ...(json && { output: process.stderr }),
    }),
  );
  answer({ messages: messages.map((said) => ({ role: said.role, content: contentOf(said) })) });
}
