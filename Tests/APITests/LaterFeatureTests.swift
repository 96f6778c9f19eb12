import HTTP
import API
import JSON
import Testing

/// Fields of features that are not there are refused when they ask for something, never ignored; fields that only
/// say how something else is done are taken without it.
@Suite struct LaterFeatureTests {
  @Test(arguments: [#""output_format": "webp""#, #""output_format": "jpeg""#])
  func refused(field: String) async throws {
    let bench = try Bench()
    let reply = await bench.post(#"{"prompt": "a", \#(field)}"#)
    let name = String(try #require(field.split(separator: "\"").first))
    #expect(reply.status == 422)
    let issue = try #require(reply.json["detail"]?.arrayValue?.first)
    #expect((issue["type"], issue["loc"]) == ("value_error", ["body", .string(name)]))
    #expect(issue["msg"] == .string("Value error, \(name) is not supported yet"))
    #expect(bench.engine.requests.isEmpty)
  }

  @Test(arguments: [
    #""reference_image": null"#, #""reference_images": []"#, #""reference_image_mime": "image/png""#,
    #""reference_mime_type": null"#, #""mime_type": "image/png""#, #""ip_adapter_scale": 0.3"#,
    #""lora_scale": -1"#, #""loras": []"#, #""control": null"#, #""control": []"#, #""strength": 0.5"#,
    #""n": 1"#, #""n": null"#, #""output_format": "png""#, #""mask_blur": 3"#, #""resize_mode": "crop""#,
    #""composite": true"#, #""composite": false"#, #""ip_adapter_start": 0.9"#, #""pag_scale": 0"#,
  ])
  func accepted(field: String) async throws {
    #expect(try await Bench().post(#"{"prompt": "a", \#(field)}"#).status == 200)
  }

  @Test(arguments: [
    (#""strength": 1.5"#, "Input should be less than or equal to 1"),
    (#""ip_adapter_scale": -0.1"#, "Input should be greater than or equal to 0"),
    (#""lora_scale": 1e300"#, "Input should be less than or equal to 4"),
    (#""mime_type": 5"#, "Input should be a valid string"),
    (#""n": 1000000000"#, "Input should be less than or equal to 10"),
    (#""control": 5"#, "Input should be a valid list"),
    (#""output_format": "gif""#, "Input should be 'png', 'jpeg' or 'webp'"),
  ])
  func rangesHoldForThem(field: String, message: String) async throws {
    #expect(try await Bench().post(#"{"prompt": "a", \#(field)}"#).messages == [message])
  }
}
