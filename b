{"index":{"_index":"logs-2026.11.27"}}
{"@timestamp":"2026-11-27T07:00:00.123456789Z","message":"first error line","level":"INFO"}
{"index":{"_index":"logs-2026.11.27"}}
{"@timestamp":"2026-11-27T07:00:00.123456789Z","message":"second 连接被拒绝","level":"WARN","latency_ms":12}
{"index":{"_index":"logs-2026.11.28"}}
{"@timestamp":"2026-11-28T07:00:00.123456790Z","message":"third"}
