/// How a route tells its errors, whether they are its own or were found before it was reached.
enum ErrorForm: Sendable {
  /// `{"detail": …, "code": …}`, as FastAPI.
  case plain
  /// `{"error": {…}}`, as OpenAI's clients read it.
  case openAI
  /// As plain, but a browser without a token gets the page that asks for it.
  case page
}
