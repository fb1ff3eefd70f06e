// As much of VS Code as a curriculum's document and its notes rest on: its texts come from a provider, take their time and come one after
// the other, and what changes before a document is open is not heard.

type Listener<T> = (value: T) => unknown;

class EventEmitter<T> {
  readonly #listeners = new Set<Listener<T>>();
  readonly event = (listener: Listener<T>) => {
    this.#listeners.add(listener);
    return { dispose: () => void this.#listeners.delete(listener) };
  };
  fire(value: T): void {
    for (const listener of [...this.#listeners]) listener(value);
  }
  dispose(): void {
    this.#listeners.clear();
  }
}

export class Uri {
  readonly scheme: string;
  readonly path: string;
  readonly query: string;

  constructor({ scheme, path, query }: { scheme: string; path: string; query: string }) {
    this.scheme = scheme;
    this.path = path;
    this.query = query;
  }

  static from(parts: { scheme: string; path: string; query: string }): Uri {
    return new Uri(parts);
  }

  static parse(text: string): Uri {
    const { protocol, pathname, search } = new URL(text);
    return new Uri({
      scheme: protocol.slice(0, -1),
      path: decodeURIComponent(pathname),
      query: decodeURIComponent(search.slice(1)),
    });
  }

  toString(): string {
    return `${this.scheme}:${encodeURI(this.path)}?${encodeURIComponent(this.query)}`;
  }
}

export class Range {
  readonly start: { readonly line: number };
  readonly end: { readonly line: number };

  constructor(first: number, _from: number, last: number) {
    this.start = { line: first };
    this.end = { line: last };
  }
}

export interface Document {
  readonly uri: Uri;
  getText(): string;
}

export interface Thread {
  range: Range;
  comments: readonly { readonly body: { readonly value: string } }[];
  readonly isShown: () => boolean;
}

interface Provider {
  onDidChange: (listener: Listener<Uri>) => unknown;
  provideTextDocumentContent(uri: Uri): Promise<string>;
}

/** `wait` is how long a message between VS Code's processes takes. */
export class CurriculumEditor {
  readonly #wait: () => Promise<void>;
  readonly #opened = new EventEmitter<Document>();
  readonly #changed = new EventEmitter<{ document: Document }>();
  readonly #closed = new EventEmitter<Document>();
  readonly #texts = new Map<string, string>();
  readonly #threads = new Set<Thread>();
  #provider: Provider | undefined;
  #ranges: ((document: Document) => Range[]) | undefined;
  textDocuments: Document[] = [];

  constructor(wait: () => Promise<void>) {
    this.#wait = wait;
  }

  get threads(): Thread[] {
    return [...this.#threads];
  }

  commentingRanges(document: Document): Range[] {
    return this.#ranges?.(document) ?? [];
  }

  async open(uri: Uri): Promise<Document> {
    const text = await this.#provider?.provideTextDocumentContent(uri);
    await this.#wait();
    const key = uri.toString();
    this.#texts.set(key, text ?? "");
    const document = { uri, getText: () => this.#texts.get(key) ?? "" };
    this.textDocuments.push(document);
    this.#opened.fire(document);
    return document;
  }

  close(document: Document): void {
    this.textDocuments = this.textDocuments.filter((other) => other !== document);
    this.#closed.fire(document);
  }

  /** What the extension sees as `vscode`. */
  get api() {
    const editor = this;
    return {
      workspace: {
        get textDocuments() {
          return editor.textDocuments;
        },
        registerTextDocumentContentProvider: (_scheme: string, provider: Provider) => this.#register(provider),
        onDidOpenTextDocument: this.#opened.event,
        onDidChangeTextDocument: this.#changed.event,
        onDidCloseTextDocument: this.#closed.event,
      },
      comments: {
        createCommentController: () => ({
          set commentingRangeProvider(provider: { provideCommentingRanges: (document: Document) => Range[] }) {
            editor.#ranges = provider.provideCommentingRanges;
          },
          createCommentThread: (_uri: Uri, range: Range, comments: Thread["comments"]) => this.#thread(range, comments),
          dispose: () => this.#threads.clear(),
        }),
      },
    };
  }

  #register(provider: Provider) {
    this.#provider = provider;
    let last: Promise<void> | undefined;
    provider.onDidChange(async (uri) => {
      const isOpen = () => this.textDocuments.find((document) => document.uri.toString() === uri.toString());
      if (isOpen() === undefined) return;
      if (last !== undefined) await last;
      const mine = provider
        .provideTextDocumentContent(uri)
        .then(async (text) => {
          const document = isOpen();
          if (document === undefined || document.getText() === text) return;
          await this.#wait();
          this.#texts.set(uri.toString(), text);
          this.#changed.fire({ document });
        })
        .finally(() => {
          if (last === mine) last = undefined;
        });
      last = mine;
    });
    return { dispose: () => undefined };
  }

  #thread(range: Range, comments: Thread["comments"]): Thread {
    const thread: Thread & { dispose(): void } = {
      range,
      comments,
      isShown: () => this.#threads.has(thread),
      dispose: () => void this.#threads.delete(thread),
    };
    this.#threads.add(thread);
    return thread;
  }
}

/** What of `vscode` is the same for every editor. */
export const editorParts = {
  EventEmitter,
  Uri,
  Range,
  Disposable: {
    from: (...parts: { dispose(): void }[]) => ({
      dispose: () => {
        for (const part of parts) part.dispose();
      },
    }),
  },
  MarkdownString: class {
    readonly value: string;
    constructor(value: string) {
      this.value = value;
    }
  },
  CommentMode: { Preview: 1 },
  l10n: {
    t: (text: string, ...args: unknown[]) => text.replace(/\{(\d)\}/g, (_, n: string) => String(args[Number(n)])),
  },
};
