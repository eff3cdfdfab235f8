"""A host in FastAPI: one transaction per request, with its event.

uvicorn app:app, or in order: python3 play.py
"""

import json
import os
from contextlib import contextmanager

import psycopg
from fastapi import FastAPI

app = FastAPI()


@contextmanager
def transaction():
    """Commits what a request wrote, or nothing of it."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        yield connection.cursor()


def emit(cursor, event_type: str, **payload) -> None:
    """Records an event in the transaction of its rows: it counts if that commits."""
    cursor.execute("select commonwork.emit(%s, %s::jsonb)", (event_type, json.dumps(payload)))


def add_cv(cursor, user_id: str, content: dict) -> None:
    cursor.execute(
        "insert into public.cvs (user_id, parsed_content, parsing_status) values (%s, %s, 'completed')",
        (user_id, json.dumps(content)),
    )
    emit(cursor, "cv.updated", user_id=user_id)


@app.post("/users")
def sign_up(name: str, email: str, cv: dict) -> dict:
    with transaction() as cursor:
        cursor.execute(
            "insert into auth.users (email, raw_user_meta_data) values (%s, %s) returning id::text",
            (email, json.dumps({"full_name": name})),
        )
        (user_id,) = cursor.fetchone()
        add_cv(cursor, user_id, cv)
    return {"id": user_id}


@app.post("/users/{user_id}/cvs")
def upload_cv(user_id: str, cv: dict) -> None:
    with transaction() as cursor:
        add_cv(cursor, user_id, cv)


@app.post("/users/{user_id}/blocked-companies")
def block_company(user_id: str, company: str) -> None:
    with transaction() as cursor:
        cursor.execute(
            """update public.user_profiles set blacklisted_companies = blacklisted_companies || %s, updated_at = now()
               where user_id = %s""",
            ([company], user_id),
        )
        emit(cursor, "cv.updated", user_id=user_id)


@app.patch("/users/{user_id}")
def rename(user_id: str, name: str) -> None:
    with transaction() as cursor:
        cursor.execute("update public.users set full_name = %s where id = %s", (name, user_id))


@app.delete("/users/{user_id}")
def switch_off(user_id: str) -> None:
    with transaction() as cursor:
        cursor.execute("update public.users set is_active = false where id = %s", (user_id,))


@app.delete("/companies/{company}/jobs")
def delete_postings(company: str) -> None:
    with transaction() as cursor:
        cursor.execute("delete from public.jobs where company = %s", (company,))
