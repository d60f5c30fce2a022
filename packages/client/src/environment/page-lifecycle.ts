/** What a web page learns about itself. Elsewhere nothing of it ever happens. */
export interface PageLifecycle {
  /** True while the page is in the background. */
  isHidden(): boolean
  /** Tells of every change: hidden, visible again, back online. What it returns stops that. */
  watch(onChange: (change: 'hidden' | 'visible' | 'online') => void): () => void
}

interface EventSource {
  addEventListener(type: string, listener: () => void): void
  removeEventListener(type: string, listener: () => void): void
}

/** The parts of a page that exist in this runtime: none in servers, workers and React Native. */
interface Globals {
  readonly document?: EventSource & { readonly visibilityState?: string }
  readonly addEventListener?: EventSource['addEventListener']
  readonly removeEventListener?: EventSource['removeEventListener']
}

/** The page that this code runs in. */
export const currentPage: PageLifecycle = {
  isHidden: () => documentOf(globalThis)?.visibilityState === 'hidden',
  watch: (onChange) => {
    const document = documentOf(globalThis)
    if (document === null) return () => undefined
    const turn = (): void => onChange(document.visibilityState === 'hidden' ? 'hidden' : 'visible')
    const online = (): void => onChange('online')
    document.addEventListener('visibilitychange', turn)
    const window: EventSource = globalThis
    const stop = window.removeEventListener.bind(window, 'online', online)
    window.addEventListener('online', online)
    return () => {
      document.removeEventListener('visibilitychange', turn)
      stop()
    }
  },
}

function documentOf(globals: Globals): NonNullable<Globals['document']> | null {
  const { document } = globals
  if (document === undefined || typeof document.addEventListener !== 'function') return null
  return typeof globals.addEventListener === 'function' ? document : null
}
