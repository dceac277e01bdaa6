package sqs

import (
	"container/heap"
	"container/list"
	"crypto/md5"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// message is one message and where it is in its life. Times are Unix
// milliseconds. Its content never changes; the rest is its queue's to change.
type message struct {
	ID         string
	Body       string
	MD5        string               // of Body
	Attributes map[string]attribute `json:",omitempty"`
	Trace      string               `json:",omitempty"` // the AWSTraceHeader system attribute
	Source     string               `json:",omitempty"` // in a dead-letter queue: the ARN it came from
	Sent       int64                // to its first queue: retention counts from here
	Arrived    int64                // in this queue
	visibility

	seq     uint64
	heap    *byTime // the one that holds it
	index   int     // in heap
	arrival *list.Element
}

// visibility is the part of a message that its receives change.
type visibility struct {
	Until    int64 // hidden until then
	Receives int   `json:",omitempty"`
	First    int64 `json:",omitempty"` // time of the first receive
}

type attribute struct {
	DataType    string
	StringValue *string `json:",omitempty"`
	BinaryValue []byte  `json:",omitempty"`
}

// size is what counts against the queue's maximum.
func size(body string, attributes map[string]attribute) int {
	n := len(body)
	for name, a := range attributes {
		n += len(name) + len(a.DataType) + len(a.value())
	}
	return n
}

func (a attribute) value() []byte {
	if a.StringValue != nil {
		return []byte(*a.StringValue)
	}
	return a.BinaryValue
}

// attributesMD5 is the digest that SDKs verify: each attribute by name, its
// parts preceded by their lengths; "" for none.
func attributesMD5(attributes map[string]attribute) string {
	if len(attributes) == 0 {
		return ""
	}
	var b []byte
	part := func(p []byte) { b = append(binary.BigEndian.AppendUint32(b, uint32(len(p))), p...) }
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		a := attributes[name]
		part([]byte(name))
		part([]byte(a.DataType))
		if transport, _, _ := strings.Cut(a.DataType, "."); transport == "Binary" {
			b = append(b, 2)
		} else {
			b = append(b, 1)
		}
		part(a.value())
	}
	return digest(b)
}

func digest(b []byte) string {
	sum := md5.Sum(b)
	return hex.EncodeToString(sum[:])
}

// handle is the receipt handle of the message's last receive from a queue.
func (m *message) handle(queueARN string) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s %s %d", queueARN, m.ID, m.Receives))
}

// parseHandle returns what handle put in; not ok when it is of another queue.
func parseHandle(queueARN, handle string) (id string, receives int, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(handle)
	if err != nil {
		return "", 0, false
	}
	var arn string
	n, err := fmt.Sscan(string(raw), &arn, &id, &receives)
	return id, receives, err == nil && n == 3 && arn == queueARN
}

// byTime is a heap of messages, the one visible first on top.
type byTime []*message

func (h byTime) Len() int { return len(h) }
func (h byTime) Less(i, j int) bool {
	if h[i].Until != h[j].Until {
		return h[i].Until < h[j].Until
	}
	return h[i].seq < h[j].seq
}
func (h byTime) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push and Pop are for package heap only: see add and remove.
func (h *byTime) Push(x any) {
	m := x.(*message)
	m.heap, m.index = h, len(*h)
	*h = append(*h, m)
}

func (h *byTime) Pop() any {
	last := len(*h) - 1
	m := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	m.heap = nil
	return m
}

func (h *byTime) add(m *message)    { heap.Push(h, m) }
func (h *byTime) remove(m *message) { heap.Remove(h, m.index) }
