import HTTP

/// The page that shows the API and sends requests. It holds no data: all comes from `/openapi.json`.
enum DocsPage {
  private static let style = PackageResources.page_css
  private static let script = PackageResources.page_js

  /// The page with its style and script at their places.
  private static let body: [UInt8] = {
    let marks: [(mark: String, text: [UInt8])] = [("/*STYLE*/", style), ("/*SCRIPT*/", script)]
    return marks.reduce(PackageResources.page_html) { page, part in
      guard let place = page.firstRange(of: Array(part.mark.utf8)) else { return page }
      return Array(page[..<place.lowerBound] + part.text + page[place.upperBound...])
    }
  }()

  private static let fields: HTTPHeaders = {
    var headers = SecurityHeaders.fields(script: script, style: style)
    headers.add("Content-Type", "text/html; charset=utf-8")
    headers.add("Cache-Control", "no-store")
    return headers
  }()

  static func response(status: Int = 200, _ headers: HTTPHeaders = HTTPHeaders()) -> HTTPResponse {
    var response = HTTPResponse(status: status, headers: fields, body: body)
    for field in headers.fields { response.headers.add(field.name, field.value) }
    return response
  }
}

extension HTTPRequest {
  /// Whether it comes from the address bar of a browser.
  var wantsPage: Bool { headers["Accept"]?.contains("text/html") == true }
}
