package s3_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"newsfeed/app/s3"
)

func TestUploadsAndLinksAreOfTheOriginThatThePageIsToldToAllow(t *testing.T) {
	t.Parallel()
	config := aws.Config{Region: "ap-northeast-2", Credentials: credentials.NewStaticCredentialsProvider("key", "secret", "")}
	local := config.Copy()
	local.BaseEndpoint = aws.String("http://127.0.0.1:4566")
	for want, c := range map[string]aws.Config{
		"https://newsfeed-media.s3.ap-northeast-2.amazonaws.com": config,
		"http://127.0.0.1:4566":                                  local,
	} {
		store := s3.Open(c, "newsfeed-media")
		origin, err := store.Origin(t.Context())
		if err != nil || origin != want {
			t.Errorf("origin %q, %v: want %q", origin, err, want)
		}
		ticket, err := store.Upload(t.Context(), "media/k", "image/png", 1)
		if err != nil || !strings.HasPrefix(ticket.URL+"/", want+"/") {
			t.Errorf("uploads go to %q, %v: want %q", ticket.URL, err, want)
		}
		link, err := store.Link(t.Context(), "media/k")
		if err != nil || !strings.HasPrefix(link, want+"/") {
			t.Errorf("links lead to %q, %v: want %q", link, err, want)
		}
	}
}
