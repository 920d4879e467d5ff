/** What looks like a secret in texts that people have written, whatever it opens. */
export const SECRET_SHAPES: readonly RegExp[] = [
  /\b((sk|pk|rk|ghp|gho|github_pat|glpat|xox[abprs]|hf|gsk)[-_]|AIza|AKIA|ASIA|ya29\.)[A-Za-z0-9_-]{16,}/g,
  /\bBearer +[A-Za-z0-9._~+/-]{16,}=*/gi,
  /\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g,
]
