package s3

import (
	"bufio"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"net/http"
	"strconv"
	"strings"
)

const (
	checksumPrefix = "X-Amz-Checksum-"
	shaHeader      = "X-Amz-Content-Sha256" // which the signature covers
)

// checksums are the algorithms of S3, by the end of their header's name.
var checksums = map[string]func() hash.Hash{
	"Crc32":     func() hash.Hash { return crc32.NewIEEE() },
	"Crc32c":    func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	"Crc64nvme": func() hash.Hash { return crc64.New(crc64.MakeTable(0x9a6c9329ac4bc9b5)) },
	"Sha1":      sha1.New,
	"Sha256":    sha256.New,
}

// payload reads the content out of a request's body, be it plain or
// aws-chunked, and computes the digests that the request promises: in its
// headers, or in a trailer after the last chunk.
type payload struct {
	io.Reader
	length   int64 // of the content as announced, -1 when it is not
	promised http.Header
	digests  map[string]hash.Hash // by header name
}

func newPayload(r *http.Request) (*payload, error) {
	p := &payload{Reader: r.Body, length: r.ContentLength, promised: http.Header{}, digests: map[string]hash.Hash{}}
	if strings.HasPrefix(r.Header.Get(shaHeader), "STREAMING-") {
		n, err := strconv.ParseInt(r.Header.Get("X-Amz-Decoded-Content-Length"), 10, 64)
		if err != nil {
			return nil, failure(411, "MissingContentLength", "x-amz-decoded-content-length is required with aws-chunked")
		}
		p.length = n
		p.Reader = &chunks{from: bufio.NewReader(r.Body), trailer: p.promised}
	}
	expected := r.Header.Get("X-Amz-Trailer")
	for name, make := range checksums {
		name = checksumPrefix + name
		if v := r.Header.Get(name); v != "" {
			p.promised.Set(name, v)
		} else if !strings.EqualFold(name, expected) {
			continue
		}
		p.digests[name] = make()
	}
	if v := r.Header.Get("Content-Md5"); v != "" {
		p.promised.Set("Content-Md5", v)
		p.digests["Content-Md5"] = md5.New()
	}
	if v := r.Header.Get(shaHeader); len(v) == hex.EncodedLen(sha256.Size) { // neither unsigned nor a stream
		p.promised.Set(shaHeader, v)
		p.digests[shaHeader] = sha256.New()
	}
	for _, d := range p.digests {
		p.Reader = io.TeeReader(p.Reader, d)
	}
	return p, nil
}

func (p *payload) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = errIncomplete
	}
	return n, err
}

// verify compares what was read with what was promised, and notes the
// checksums on o.
func (p *payload) verify(o *object) error {
	if p.length >= 0 && p.length != o.Size {
		return errIncomplete
	}
	o.Checksums = map[string]string{}
	for name, d := range p.digests {
		if name == shaHeader {
			if p.promised.Get(name) != hex.EncodeToString(d.Sum(nil)) {
				return errContent
			}
			continue
		}
		sum := base64.StdEncoding.EncodeToString(d.Sum(nil))
		if p.promised.Get(name) != sum {
			return errDigest
		}
		if strings.HasPrefix(name, checksumPrefix) {
			o.Checksums[name] = sum
		}
	}
	return nil
}

// chunks decodes aws-chunked: a size in hexadecimal, perhaps ";" and a
// signature, the bytes, until a chunk of size 0; then lines "name:value".
type chunks struct {
	from    *bufio.Reader
	left    int64
	began   bool
	done    bool
	trailer http.Header
}

func (c *chunks) Read(b []byte) (int, error) {
	if c.done {
		return 0, io.EOF
	}
	if c.left == 0 {
		if err := c.next(); err != nil {
			return 0, err
		}
		if c.done {
			return 0, io.EOF
		}
	}
	n, err := c.from.Read(b[:min(int64(len(b)), c.left)])
	c.left -= int64(n)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (c *chunks) next() error {
	if c.began {
		if line, err := c.line(); err != nil || line != "" {
			return errors.Join(errChunk, err)
		}
	}
	c.began = true
	line, err := c.line()
	if err != nil {
		return err
	}
	size, _, _ := strings.Cut(line, ";")
	if c.left, err = strconv.ParseInt(size, 16, 64); err != nil || c.left < 0 {
		return errChunk
	}
	if c.left > 0 {
		return nil
	}
	c.done = true
	for {
		line, err := c.line()
		if errors.Is(err, io.ErrUnexpectedEOF) || line == "" {
			return nil
		}
		if err != nil {
			return err
		}
		if name, value, ok := strings.Cut(line, ":"); ok {
			c.trailer.Set(strings.TrimSpace(name), strings.TrimSpace(value))
		}
	}
}

func (c *chunks) line() (string, error) {
	line, err := c.from.ReadSlice('\n')
	if errors.Is(err, io.EOF) {
		return "", io.ErrUnexpectedEOF
	}
	if err != nil {
		return "", errChunk
	}
	return strings.TrimRight(string(line), "\r\n"), nil
}
