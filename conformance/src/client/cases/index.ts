/** All client cases. */
export const clientCases: readonly { readonly id: string }[] = []
