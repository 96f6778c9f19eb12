import Access
import ArgumentParser

/// Who is let in.
struct AccessOptions: ParsableArguments {
  @Option(help: "A file of tokens, one a line: TOKEN or NAME TOKEN. DARKROOM_API_KEY may hold one more.")
  var apiKeyFile: String?
  @Option(help: "Requests a minute from each token or address; others get 429. (default: any number)")
  var rateLimit: Int?
  @Flag(help: "Listen on a public address although anyone who reaches it may use it.") var insecure = false

  struct Values {
    let tokens: TokenSource
    let rateLimiter: RateLimiter?
    let isInsecure: Bool
  }

  func values(_ file: ConfigurationFile?) throws -> Values {
    let rate = try Setting.optional(rateLimit, "rate-limit", from: file)
    if let rate, !(1...1_000_000).contains(rate) {
      throw ValidationError("--rate-limit is from 1 to 1000000 a minute.")
    }
    return Values(
      tokens: try TokenSource(file: try Setting.optional(apiKeyFile, "api-key-file", from: file)),
      rateLimiter: rate.map { RateLimiter(perMinute: $0) },
      isInsecure: try Setting.isOn(insecure, "insecure", from: file))
  }
}
