package rollout

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// bucket is one bucket; its objects by key.
type bucket struct {
	objects map[string]string
	puts    int
}

func (b *bucket) HeadObject(_ context.Context, in *s3.HeadObjectInput, _ ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	if _, there := b.objects[*in.Key]; !there {
		return nil, errors.New("api error NotFound")
	}
	return &s3.HeadObjectOutput{}, nil
}

func (b *bucket) PutObject(_ context.Context, in *s3.PutObjectInput, _ ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	if b.objects == nil {
		return nil, &types.NoSuchBucket{}
	}
	raw, err := io.ReadAll(in.Body)
	b.objects[*in.Key] = string(raw)
	b.puts++
	return &s3.PutObjectOutput{}, err
}

func program(t *testing.T) Binary {
	t.Helper()
	path := filepath.Join(t.TempDir(), "feed")
	if err := os.WriteFile(path, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	binary, err := OpenBinary(path)
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

func TestABinaryIsUploadedOnceUnderItsDigest(t *testing.T) {
	t.Parallel()
	b, binary := &bucket{objects: map[string]string{}}, program(t)
	for _, first := range []bool{true, false} {
		if sent, err := binary.Upload(t.Context(), b, "artifacts"); err != nil || sent != first {
			t.Errorf("sent: %v, %v", sent, err)
		}
	}
	if b.objects["feed/"+abc] != "abc" || b.puts != 1 {
		t.Errorf("the bucket holds %v after %d puts", b.objects, b.puts)
	}
	if got := binary.Release("v1"); got != "v1@sha256:"+abc || got.Key() != "feed/"+abc {
		t.Errorf("the release is %s, its key %s", got, got.Key())
	}
}

func TestABucketThatIsNotThereYetIsToldWithWhatMakesIt(t *testing.T) {
	t.Parallel()
	if _, err := program(t).Upload(t.Context(), &bucket{}, "artifacts"); err == nil || !strings.Contains(err.Error(), "make deploy first") {
		t.Errorf("error is %v", err)
	}
	if _, err := OpenBinary(filepath.Join(t.TempDir(), "none")); err == nil || !strings.Contains(err.Error(), "make programs") {
		t.Errorf("error is %v", err)
	}
}

func TestPinningTouchesItsLinesOnly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "Pulumi.seoul.yaml")
	const before = "config:\n  newsfeed:zoneId: Z1 # ours\n  newsfeed:network:\n    cidr: 10.20.0.0/16\n"
	if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		keys map[string]string
		want string
	}{
		{map[string]string{"release": "v1@sha256:x", "image": "ami-1"},
			"config:\n  newsfeed:zoneId: Z1 # ours\n  newsfeed:release: v1@sha256:x\n  newsfeed:image: ami-1\n  newsfeed:network:\n    cidr: 10.20.0.0/16\n"},
		{map[string]string{"release": "v2@sha256:y"},
			"config:\n  newsfeed:zoneId: Z1 # ours\n  newsfeed:release: v2@sha256:y\n  newsfeed:image: ami-1\n  newsfeed:network:\n    cidr: 10.20.0.0/16\n"},
	} {
		if err := Pin(path, step.keys); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != step.want {
			t.Errorf("%v: %v\n%s\nwant\n%s", step.keys, err, got, step.want)
		}
	}
	if err := os.WriteFile(path, []byte("config: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Pin(path, map[string]string{"release": "v"}); err == nil || !strings.Contains(err.Error(), "newsfeed:zoneId") {
		t.Errorf("error is %v", err)
	}
}
