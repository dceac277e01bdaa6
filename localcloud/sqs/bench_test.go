package sqs_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// post sends one JSON request as the SDK would, without the SDK's own cost.
func post(b *testing.B, c *http.Client, url, operation, body string) string {
	req, _ := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	req.Header.Set("X-Amz-Target", "AmazonSQS."+operation)
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=local/20260101/"+seoul+"/sqs/aws4_request, SignedHeaders=host, Signature=0")
	res, err := c.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		b.Fatalf("%s %s %v", res.Status, answer, err)
	}
	return string(answer)
}

func BenchmarkSend(b *testing.B) {
	r := newRig(b, b.TempDir())
	server := httptest.NewServer(r.handler)
	defer server.Close()
	body := fmt.Sprintf(`{"QueueUrl":%q,"MessageBody":%q}`, r.jobs, strings.Repeat("x", 200))
	for b.Loop() {
		post(b, server.Client(), server.URL, "SendMessage", body)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "sends/s")
}

func BenchmarkReceive(b *testing.B) {
	r := newRig(b, b.TempDir())
	server := httptest.NewServer(r.handler)
	defer server.Close()
	r.apply("jobs", map[string]any{"visibilityTimeoutSeconds": 0.0}) // each receive finds every message
	for range 1000 {
		r.send(strings.Repeat("x", 200))
	}
	body := fmt.Sprintf(`{"QueueUrl":%q}`, r.jobs)
	for b.Loop() {
		if !strings.Contains(post(b, server.Client(), server.URL, "ReceiveMessage", body), "xxx") {
			b.Fatal("nothing received")
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "receives/s")
}
