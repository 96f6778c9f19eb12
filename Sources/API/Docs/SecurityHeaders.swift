import CCrypto
import Foundation
import HTTP

/// The fields that keep a page to itself.
enum SecurityHeaders {
  /// - Parameters:
  ///   - script: the one inline script that may run, as it stands in the page.
  ///   - style: likewise.
  static func fields(script: [UInt8], style: [UInt8]) -> HTTPHeaders {
    // Pictures are shown from memory; everything else comes from this server or not at all.
    let policy = [
      "default-src 'none'", "script-src \(source(script))", "style-src \(source(style))",
      "img-src data: blob:", "connect-src 'self'", "base-uri 'none'", "form-action 'none'",
      "frame-ancestors 'none'", "require-trusted-types-for 'script'",
    ]
    return [
      "Content-Security-Policy": policy.joined(separator: "; "),
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Resource-Policy": "same-origin",
      "Referrer-Policy": "no-referrer",
      "X-Frame-Options": "DENY",
    ]
  }

  /// CSP level 3 §2.3.1; without a digest nothing may run.
  private static func source(_ text: [UInt8]) -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    guard EVP_Digest(text, text.count, &digest, nil, EVP_sha256(), nil) == 1 else { return "'none'" }
    return "'sha256-\(Data(digest).base64EncodedString())'"
  }
}
