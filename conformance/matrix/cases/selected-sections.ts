/** What DS_SECTION narrows the matrix to: sections, separated by commas. */
export function selectedSections(): { readonly section?: readonly string[] } {
  const text = process.env['DS_SECTION'] ?? ''
  return text === '' ? {} : { section: text.split(',') }
}
