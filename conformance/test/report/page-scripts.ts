/** The contrast of a text with what lies behind it. */
export interface Contrast {
  readonly text: string
  readonly ratio: number
}

/** Runs in a page: the contrast of every visible text, by the formula of WCAG. */
export const MEASURE_CONTRAST = `(() => {
  const parse = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number)
  const luminance = (color) => {
    const [r, g, b] = color.slice(0, 3).map((value) => {
      const part = value / 255
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const behind = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor)
      if (color[3] !== 0) return color
    }
    return [255, 255, 255]
  }
  return [...document.querySelectorAll('p, th, td, span, label, legend, pre, strong, h1, h2')]
    .filter((element) => element.textContent !== '' && element.getClientRects().length > 0)
    .map((element) => {
      const one = luminance(parse(getComputedStyle(element).color))
      const other = luminance(behind(element))
      const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)
      return { text: element.textContent.slice(0, 30), ratio }
    })
})()`

/** What a browser finds in an XML document. */
export interface ParsedXml {
  readonly error: string | null
  readonly failure: string | null
}

/** A function for a page: parses XML as strictly as a browser does. */
export const PARSE_XML = `(xml) => {
  const parsed = new DOMParser().parseFromString(xml, 'application/xml')
  return {
    error: parsed.querySelector('parsererror')?.textContent ?? null,
    failure: parsed.querySelector('failure')?.getAttribute('message') ?? null,
  }
}`
