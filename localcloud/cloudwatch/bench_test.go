package cloudwatch

import (
	"fmt"
	"runtime"
	"testing"
)

// BenchmarkEvaluator evaluates 200 alarms over 5,000 series, each of which gets
// two values a minute, as at pace 60: once a second. It tells the share of a core
// that the evaluation alone takes then, and with the values that arrive, and how
// much memory full series hold.
func BenchmarkEvaluator(b *testing.B) {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	w := newWorld(b, 60)
	for i := range 200 {
		change := map[string]any{"metricName": fmt.Sprint("M", i), "evaluationPeriods": 3.0, "treatMissingData": "notBreaching"}
		if i%2 == 0 {
			change = formula("IF(FILL(b, 0) >= 50, 100 * FILL(a, 0) / FILL(b, 1), 0)", map[string]string{"a": fmt.Sprint("M", i),
				"b": fmt.Sprint("M", i+1)})
			change["evaluationPeriods"] = 15.0
		}
		w.declared(fmt.Sprint("alarm", i), change)
	}
	dimensions := map[string]string{"Region": seoul}
	arrive := func() {
		for i := range maxSeries {
			w.Put(seoul, "NewsFeed", fmt.Sprint("M", i), dimensions, "Count", []float64{float64(i % 7), float64(i % 11)}, w.now)
		}
	}
	for range capacity + 10 {
		w.minute(arrive)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	held := float64(after.HeapAlloc-before.HeapAlloc) / (1 << 20)
	b.Run("with what arrives", func(b *testing.B) {
		for b.Loop() {
			w.minute(arrive)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1e7, "%core")
	})
	b.Run("alone", func(b *testing.B) {
		for b.Loop() {
			w.minute()
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1e7, "%core")
		b.ReportMetric(held, "MiB")
	})
	runtime.KeepAlive(w)
}
