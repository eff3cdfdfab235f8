"""The scenario, by requests to app.py: python3 play.py [step], or all of them, two seconds apart."""

import os
import sys
import time

import psycopg
from fastapi.testclient import TestClient

from app import app

client = TestClient(app)
CV = {"skills": {"technical": ["Python", "PostgreSQL"], "tools": ["Docker"]}}


def user(name: str) -> str:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        row = connection.execute("select id::text from public.users where email = %s", (f"{name}@example.com",)).fetchone()
    return row[0]


def switch_off_and_delete() -> None:
    client.delete(f"/users/{user('ada')}").raise_for_status()
    client.delete("/companies/Old Mill/jobs").raise_for_status()


STEPS = {
    "sign_up": lambda: client.post("/users", params={"name": "Dora", "email": "dora@example.com"}, json=CV).raise_for_status(),
    "block_company": lambda: client.post(
        f"/users/{user('dora')}/blocked-companies", params={"company": "Night Shift Ltd"}
    ).raise_for_status(),
    "upload_cv": lambda: client.post(f"/users/{user('ben')}/cvs", json=CV).raise_for_status(),
    "rename": lambda: client.patch(f"/users/{user('ben')}", params={"name": "Benjamin"}).raise_for_status(),
    "switch_off": switch_off_and_delete,
}

for name in sys.argv[1:] or STEPS:
    STEPS[name]()
    if len(sys.argv) == 1:
        time.sleep(2)
