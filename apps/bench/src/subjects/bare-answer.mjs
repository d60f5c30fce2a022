/** Reads the body, if any, and answers 204. */
export function answerEverything() {
  return (request, response) => {
    request.resume()
    request.on('end', () => {
      response.statusCode = 204
      response.end()
    })
  }
}
