/** A ReadableStream that `for await` can be used on. */
export type ReadableStreamAsyncIterable<T> = ReadableStream<T> & AsyncIterable<T>

/**
 * Makes a ReadableStream iterable where the runtime (older Safari) does not. The stream itself is returned; its
 * prototype stays as it is.
 */
export function asAsyncIterableReadableStream<T>(stream: ReadableStream<T>): ReadableStreamAsyncIterable<T> {
  if (typeof (stream as Partial<AsyncIterable<T>>)[Symbol.asyncIterator] !== 'function') {
    Object.defineProperty(stream, Symbol.asyncIterator, {
      configurable: true,
      writable: true,
      value: () => iterate(stream),
    })
  }
  return stream as ReadableStreamAsyncIterable<T>
}

function iterate<T>(stream: ReadableStream<T>): AsyncIterableIterator<T> {
  const reader = stream.getReader()
  return {
    async next() {
      const result = await reader.read()
      if (result.done) reader.releaseLock()
      return result as IteratorResult<T>
    },
    async return() {
      await reader.cancel()
      reader.releaseLock()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

/**
 * A stream that takes from a source when somebody reads, and not before: what is not read stays at the server.
 * `take` gives null at the end.
 */
export function pullStream<T>(
  take: () => Promise<{ item: T } | null>,
  cancel: (reason: unknown) => void,
): ReadableStreamAsyncIterable<T> {
  const source: UnderlyingDefaultSource<T> = {
    async pull(controller) {
      const next = await take()
      if (next === null) controller.close()
      else controller.enqueue(next.item)
    },
    cancel,
  }
  return asAsyncIterableReadableStream(new ReadableStream<T>(source, { highWaterMark: 0 }))
}
