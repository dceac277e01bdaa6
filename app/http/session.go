package http

import (
	"net/http"
	"strings"

	"newsfeed/app"
)

const cookieName = "session"

// tokenOf returns the request's session token: of the Authorization header, else
// of the cookie.
func tokenOf(r *http.Request) (app.Token, error) {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, value, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return app.Token{}, app.Unauthenticated()
		}
		return app.ParseToken(strings.TrimSpace(value))
	}
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return app.Token{}, app.Unauthenticated()
	}
	return app.ParseToken(cookie.Value)
}

func setCookie(w http.ResponseWriter, r *http.Request, value string, age int) {
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: value, Path: "/", MaxAge: age,
		HttpOnly: true, SameSite: http.SameSiteLaxMode,
		// The load balancer ends TLS; without one (on a loopback port) browsers
		// would drop a Secure cookie.
		Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https",
	})
}

type credentials struct {
	Name     string `json:"name"`
	Password string `json:"password"`
}

type signedIn struct {
	User  app.User `json:"user"`
	Token string   `json:"token"`
}

func (s *Server) signUp(w http.ResponseWriter, r *http.Request) error {
	var in credentials
	if err := decode(w, r, &in); err != nil {
		return err
	}
	user, token, err := s.backend.SignUp(r.Context(), in.Name, in.Password)
	if err != nil {
		return err
	}
	setCookie(w, r, token.String(), int(app.SessionLife.Seconds()))
	return reply(w, http.StatusCreated, signedIn{user, token.String()})
}

func (s *Server) signIn(w http.ResponseWriter, r *http.Request) error {
	var in credentials
	if err := decode(w, r, &in); err != nil {
		return err
	}
	user, token, err := s.backend.SignIn(r.Context(), in.Name, in.Password)
	if err != nil {
		return err
	}
	setCookie(w, r, token.String(), int(app.SessionLife.Seconds()))
	return reply(w, http.StatusCreated, signedIn{user, token.String()})
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request) error {
	token, err := tokenOf(r)
	if err != nil {
		return err
	}
	if _, err := s.backend.Authenticate(r.Context(), token, "w"); err != nil {
		return err
	}
	if err := s.backend.SignOut(r.Context(), token); err != nil {
		return err
	}
	setCookie(w, r, "", -1)
	return noContent(w)
}

func (s *Server) whoAmI(w http.ResponseWriter, r *http.Request, user app.User) error {
	return reply(w, http.StatusOK, map[string]app.User{"user": user})
}
