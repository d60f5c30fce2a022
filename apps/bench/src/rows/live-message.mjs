/** What the readers look for: it occurs once in every message, and nowhere else in a response. */
export const marker = '<mark>'

/** A JSON message of 100 bytes. */
export const messageBody = JSON.stringify({ marker, text: 'm'.repeat(71) })
