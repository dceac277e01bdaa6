package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// probe asks for a URL until it answers 200.
func probe(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s", response.Status)
	}
	return nil
}

// request is one HTTP request as it goes over the line.
func request(method, host, path, token, body string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n", method, path, host, token)
	if body != "" {
		fmt.Fprintf(&b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	b.WriteString(body)
	return b.Bytes()
}

// client is one keep-alive connection that does as little as it can: the load
// generator shares the processors with what it loads.
type client struct {
	conn net.Conn
	r    *bufio.Reader
}

func dial(addr string) (*client, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &client{conn, bufio.NewReaderSize(conn, 64<<10)}, nil
}

var contentLength = []byte("Content-Length: ")

// do sends a request and reads the whole answer.
func (c *client) do(request []byte) (status, size int, err error) {
	if _, err := c.conn.Write(request); err != nil {
		return 0, 0, err
	}
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return 0, 0, err
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, 0, err
	}
	length, chunked := 0, false
	for {
		if line, err = c.r.ReadSlice('\n'); err != nil {
			return 0, 0, err
		}
		if len(line) == 2 {
			break
		}
		if bytes.HasPrefix(line, contentLength) {
			length, _ = strconv.Atoi(string(bytes.TrimSpace(line[len(contentLength):])))
		}
		chunked = chunked || bytes.HasPrefix(line, []byte("Transfer-Encoding: chunked"))
	}
	if !chunked {
		_, err = c.r.Discard(length)
		return status, length, err
	}
	for {
		if line, err = c.r.ReadSlice('\n'); err != nil {
			return 0, 0, err
		}
		n, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return 0, 0, err
		}
		if _, err := c.r.Discard(int(n) + 2); err != nil || n == 0 {
			return status, size, err
		}
		size += int(n)
	}
}

// outcome is what a load came to.
type outcome struct {
	rps, bytes float64
	p50, p99   time.Duration
	byStatus   map[int]int
}

// load sends requests from next over as many connections as there are, each
// waiting for its answer before the next, for a time.
func load(ctx context.Context, addr string, d time.Duration, next func(worker, i int) []byte) (o outcome, err error) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var mu sync.Mutex
	var wg sync.WaitGroup
	var all []time.Duration
	total, failed := 0, error(nil)
	o.byStatus = map[int]int{}
	begun := time.Now()
	for worker := range connections {
		wg.Go(func() {
			times, bytes, statuses, err := one(ctx, addr, func(i int) []byte { return next(worker, i) })
			mu.Lock()
			defer mu.Unlock()
			all, total = append(all, times...), total+bytes
			for s, n := range statuses {
				o.byStatus[s] += n
			}
			if err != nil {
				failed = err
			}
		})
	}
	wg.Wait()
	if failed != nil || len(all) == 0 {
		return o, fmt.Errorf("load on %s: %d answers, %w", addr, len(all), failed)
	}
	slices.Sort(all)
	o.rps, o.bytes = float64(len(all))/time.Since(begun).Seconds(), float64(total)/float64(len(all))
	o.p50, o.p99 = all[len(all)/2], all[len(all)*99/100]
	return o, nil
}

func one(ctx context.Context, addr string, next func(int) []byte) (times []time.Duration, bytes int, statuses map[int]int, err error) {
	c, err := dial(addr)
	if err != nil {
		return nil, 0, nil, err
	}
	defer c.conn.Close()
	statuses = map[int]int{}
	for i := 0; ctx.Err() == nil; i++ {
		begun := time.Now()
		status, n, err := c.do(next(i))
		if err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, 0, nil, err
		}
		times = append(times, time.Since(begun))
		bytes += n
		statuses[status]++
	}
	return times, bytes, statuses, nil
}

// good fails unless every answer had one of the statuses.
func (o outcome) good(want ...int) error {
	for status, n := range o.byStatus {
		if !slices.Contains(want, status) {
			return fmt.Errorf("%d answers with status %d", n, status)
		}
	}
	return nil
}
