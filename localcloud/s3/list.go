package s3

import (
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const maxList = 1000

type listResult struct {
	XMLName                             xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
	Name, Prefix, Delimiter, StartAfter string
	EncodingType                        string `xml:",omitempty"`
	KeyCount, MaxKeys                   int
	IsTruncated                         bool
	ContinuationToken                   string `xml:",omitempty"`
	NextContinuationToken               string `xml:",omitempty"`
	Contents                            []listed
	CommonPrefixes                      []commonPrefix
}

type listed struct {
	Key, LastModified, ETag string
	Size                    int64
	StorageClass            string
}

type commonPrefix struct{ Prefix string }

// list answers ListObjectsV2. A continuation token is the last key or common
// prefix answered.
func (b *bucket) list(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	out := listResult{
		Name: b.name, MaxKeys: maxList, EncodingType: query.Get("encoding-type"),
		ContinuationToken: query.Get("continuation-token"),
	}
	if v := query.Get("max-keys"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 {
			return failure(400, "InvalidArgument", "max-keys must be a number of 0 or more")
		}
		out.MaxKeys = min(n, maxList)
	}
	if err := b.mayList(r.Context(), query); err != nil {
		return err
	}
	after := query.Get("start-after")
	if out.ContinuationToken != "" {
		token, err := base64.RawURLEncoding.DecodeString(out.ContinuationToken)
		if err != nil {
			return failure(400, "InvalidArgument", "The continuation token provided is incorrect")
		}
		after = string(token)
	}
	encode := func(s string) string { return s }
	if out.EncodingType == "url" {
		encode = url.QueryEscape
	}
	prefix, delimiter := query.Get("prefix"), query.Get("delimiter")
	b.fill(&out, prefix, delimiter, after, encode)
	out.Prefix, out.Delimiter, out.StartAfter = encode(prefix), encode(delimiter), encode(query.Get("start-after"))
	answer(w, http.StatusOK, out)
	return nil
}

func (b *bucket) fill(out *listResult, prefix, delimiter, after string, encode func(string) string) {
	last := ""
	for _, key := range b.keys(prefix) {
		name, common := key, false
		if head, _, found := strings.Cut(key[len(prefix):], delimiter); found && delimiter != "" {
			name, common = prefix+head+delimiter, true
		}
		if name <= after || name == last {
			continue
		}
		o := b.get(key)
		if o == nil {
			continue // deleted meanwhile
		}
		if out.KeyCount == out.MaxKeys {
			out.IsTruncated = out.MaxKeys > 0
			if out.IsTruncated {
				out.NextContinuationToken = base64.RawURLEncoding.EncodeToString([]byte(last))
			}
			return
		}
		last = name
		out.KeyCount++
		if common {
			out.CommonPrefixes = append(out.CommonPrefixes, commonPrefix{encode(name)})
			continue
		}
		out.Contents = append(out.Contents, listed{
			Key: encode(key), LastModified: o.Modified.Format(timeFormat), ETag: quote(o.ETag), Size: o.Size, StorageClass: "STANDARD",
		})
	}
}
