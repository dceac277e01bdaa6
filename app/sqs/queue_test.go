package sqs_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"newsfeed/app/apptest"
	"newsfeed/app/feed"
	"newsfeed/app/sqs"
)

// open returns the fan-out queue and its dead-letter queue on an endpoint of
// their own.
func open(t *testing.T, visibility time.Duration) (queue, dead *sqs.Queue) {
	t.Helper()
	sdk := apptest.NewCloud(t, visibility)
	return sqs.Open(sdk, apptest.QueueURL), sqs.Open(sdk, apptest.DeadURL)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// receive waits until n messages have come.
func receive(t *testing.T, q *sqs.Queue, n int) (all []feed.Delivery) {
	t.Helper()
	apptest.Eventually(t, fmt.Sprint(n, " messages come"), func() error {
		got, err := q.Receive(t.Context(), 10)
		if all = append(all, got...); err == nil && len(all) < n {
			err = fmt.Errorf("%d so far", len(all))
		}
		return err
	})
	return all
}

func TestMoreThanABatchIsSentReceivedAndDeleted(t *testing.T) {
	t.Parallel()
	q, _ := open(t, 30*time.Second)
	var want, got, receipts []string
	var messages [][]byte
	for i := range 25 {
		want = append(want, fmt.Sprintf("message %02d", i))
		messages = append(messages, []byte(want[i]))
	}
	must(t, q.Send(t.Context(), 0, messages...))
	for _, d := range receive(t, q, 25) {
		got, receipts = append(got, string(d.Body)), append(receipts, d.Receipt)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("received %q", got)
	}
	must(t, q.Delete(t.Context(), receipts...))
	must(t, q.Send(t.Context(), 0)) // nothing is nothing
	must(t, q.Delete(t.Context()))
}

func TestAMessageComesBackUnlessItIsDeletedOrExtended(t *testing.T) {
	t.Parallel()
	q, _ := open(t, time.Second)
	must(t, q.Send(t.Context(), 0, []byte("kept"), []byte("deleted"), []byte("extended")))
	begun := time.Now()
	for _, d := range receive(t, q, 3) {
		switch string(d.Body) {
		case "deleted":
			must(t, q.Delete(t.Context(), d.Receipt))
		case "extended":
			must(t, q.Extend(t.Context(), d.Receipt, time.Minute))
		}
	}
	again := receive(t, q, 1)
	if len(again) != 1 || string(again[0].Body) != "kept" || time.Since(begun) < 900*time.Millisecond {
		t.Errorf("%d messages came back after %v: %q", len(again), time.Since(begun), again[0].Body)
	}
}

func TestAMessageIsDelayed(t *testing.T) {
	t.Parallel()
	q, _ := open(t, 30*time.Second)
	begun := time.Now()
	must(t, q.Send(t.Context(), time.Second, []byte("late")))
	must(t, q.Send(t.Context(), 0, []byte("soon")))
	if first := receive(t, q, 1); string(first[0].Body) != "soon" {
		t.Errorf("first came %q", first[0].Body)
	}
	if second := receive(t, q, 1); string(second[0].Body) != "late" || time.Since(begun) < 900*time.Millisecond {
		t.Errorf("%q came after %v", second[0].Body, time.Since(begun))
	}
}

func TestAfterFiveTriesAMessageIsADeadLetter(t *testing.T) {
	t.Parallel()
	q, dead := open(t, 30*time.Second)
	must(t, q.Send(t.Context(), 0, []byte("poison")))
	for range 5 {
		must(t, q.Extend(t.Context(), receive(t, q, 1)[0].Receipt, 0)) // a failed try
	}
	go q.Receive(t.Context(), 10) // whose sixth is not to be
	if buried := receive(t, dead, 1); string(buried[0].Body) != "poison" {
		t.Errorf("dead letter: %q", buried[0].Body)
	}
}

func TestWhatTheQueueRefusesIsAnError(t *testing.T) {
	t.Parallel()
	sdk := apptest.NewCloud(t, 30*time.Second)
	q, none := sqs.Open(sdk, apptest.QueueURL), sqs.Open(sdk, apptest.QueueURL+"-none")
	for what, err := range map[string]error{
		"deleting with nobody's receipt":  q.Delete(t.Context(), "garbage"),
		"extending with nobody's receipt": q.Extend(t.Context(), "garbage", time.Second),
		"sending to no queue":             none.Send(t.Context(), 0, []byte("x")),
	} {
		if err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}
