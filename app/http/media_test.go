package http_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"

	"newsfeed/app"
)

// sendForm posts a file to a ticket's address, as a browser does.
func sendForm(t *testing.T, ticket app.Upload, change map[string]string, content []byte) int {
	t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for k, v := range ticket.Fields {
		if other, ok := change[k]; ok {
			v = other
		}
		w.WriteField(k, v)
	}
	part, err := w.CreateFormFile("file", "f")
	if err != nil {
		t.Fatal(err)
	}
	part.Write(content)
	w.Close()
	response, err := http.Post(ticket.URL, w.FormDataContentType(), &form)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	io.Copy(io.Discard, response.Body)
	return response.StatusCode
}

func TestPhotosGoStraightToTheBucketAndAreCheckedAtPublish(t *testing.T) {
	t.Parallel()
	r, _ := newRealRig(t)
	a, b, stranger := r.signUp("kim"), r.signUp("佐藤"), r.signUp("stranger")
	r.befriend(a, b)
	ticket := func(kind string, n int) (u app.Upload) {
		t.Helper()
		r.want(201, "POST", "/v1/media", a.Token, map[string]any{"type": kind, "bytes": n, "width": 640, "height": 480}).decode(t, &u)
		return u
	}
	photo := ticket("image/png", 4)
	draft := func(kind string, keys ...string) map[string]any { return map[string]any{"kind": kind, "media": keys} }
	r.want(400, "POST", "/v1/stories", a.Token, draft("photo", photo.Key)) // not uploaded yet
	if status := sendForm(t, photo, nil, []byte("12345")); status/100 != 4 {
		t.Errorf("a file larger than agreed: %d", status)
	}
	if status := sendForm(t, photo, map[string]string{"Content-Type": "text/html"}, []byte("1234")); status/100 != 4 {
		t.Errorf("a file of another type: %d", status)
	}
	if status := sendForm(t, photo, map[string]string{"key": "media/elsewhere"}, []byte("1234")); status/100 != 4 {
		t.Errorf("a file under another key: %d", status)
	}
	if status := sendForm(t, photo, nil, []byte("1234")); status/100 != 2 {
		t.Fatalf("the file as agreed: %d", status)
	}
	r.want(400, "POST", "/v1/stories", a.Token, draft("video", photo.Key))
	r.want(400, "POST", "/v1/stories", b.Token, draft("photo", photo.Key))
	var story struct {
		ID    string
		Media []struct {
			URL, Type string
			Bytes     int
			Width     int
			Height    int
		}
	}
	r.want(201, "POST", "/v1/stories", a.Token, draft("photo", photo.Key)).decode(t, &story)
	if len(story.Media) != 1 || story.Media[0].Type != "image/png" || story.Media[0].Bytes != 4 || story.Media[0].Width != 640 || story.Media[0].Height != 480 {
		t.Fatalf("story: %+v", story)
	}
	r.want(404, "GET", story.Media[0].URL, stranger.Token, nil)
	location := r.want(302, "GET", story.Media[0].URL, b.Token, nil).header.Get("Location")
	request, err := http.NewRequest(http.MethodGet, location, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Range", "bytes=1-2") // as a player asks
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil || string(raw) != "23" || !strings.HasPrefix(response.Header.Get("Content-Type"), "image/png") {
		t.Errorf("%s %q %q, %v", response.Status, raw, response.Header.Get("Content-Type"), err)
	}
	r.want(404, "GET", strings.TrimSuffix(story.Media[0].URL, "0")+"1", b.Token, nil)
	ownStories(r, a, story.ID)
}

// ownStories reads back all that a has posted, page by page.
func ownStories(r *rig, a account, photo string) {
	r.t.Helper()
	want := []string{photo}
	for range 3 {
		want = append(want, r.post(a, text("mine")))
	}
	slices.Reverse(want)
	gone := r.post(a, text("deleted"))
	r.want(204, "DELETE", "/v1/stories/"+gone, a.Token, nil)
	var got []string
	for cursor, page := "", 0; ; page++ {
		var mine struct {
			Stories []struct{ ID string }
			Next    *string `json:"next_cursor"`
		}
		r.want(200, "GET", "/v1/stories?limit=2&cursor="+cursor, a.Token, nil).decode(r.t, &mine)
		for _, s := range mine.Stories {
			got = append(got, s.ID)
		}
		if mine.Next == nil {
			break
		}
		if cursor = *mine.Next; page > 5 {
			r.t.Fatal("pages without end")
		}
	}
	if !slices.Equal(got, want) {
		r.t.Errorf("my own stories: %q, want %q", got, want)
	}
}
