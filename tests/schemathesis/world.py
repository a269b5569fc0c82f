"""Fills a fresh server over HTTP, so that there is something to read of every kind.

Called by bin/schemathesis: `world.py URL` once, then `world.py URL CALLER` for the token of a new sign-in of `province`,
`prefecture` or `team`. The first user's password, which is everybody's, is in RUHU_PASSWORD.
"""

import json
import os
import sys
import urllib.request
import uuid

URL = sys.argv[1]
PASSWORD = os.environ["RUHU_PASSWORD"]
COUNTY = "513430"


def call(method, path, body=None, token=None):
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def sign_in(username, device=None):
    body = {"username": username, "password": PASSWORD}
    if device:
        body["device"] = {"name": device, "platform": "android", "app_version": "1.0.0"}
    return call("POST", "/v1/auth/login", body)["access_token"]


def upsert(record, fields, **more):
    return {"kind": "upsert", "bucket": COUNTY, "collection": "households", "id": record, "fields": fields, **more}


def push(token, first, *ops):
    numbered = [{**op, "op_seq": op_seq} for op_seq, op in enumerate(ops, first)]
    return call("POST", "/v1/sync/push", {"schema": 1, "ops": numbered}, token)["results"]


def fill():
    province = sign_in("province")
    campaign = call("POST", "/v1/campaigns", {"name": "督查", "from": "2015-04-15", "to": "2015-05-05"}, province)["id"]
    team = call("POST", "/v1/teams", {"name": "第一督查组", "region": "5134"}, province)["id"]
    for user in [
        {"username": "prefecture", "role": "prefecture", "region": "5134"},
        {"username": "ali", "role": "team", "team": team},
        {"username": "bo", "role": "team", "team": team},
    ]:
        call("POST", "/v1/users", {**user, "password": PASSWORD}, province)
    assignment = {"campaign": campaign, "team": team, "county": COUNTY, "kind": "prefecture"}
    call("POST", "/v1/assignments", {**assignment, "from": "2015-04-15", "to": "2015-05-05"}, province)

    ali, bo = sign_in("ali", "a phone"), sign_in("bo", "another phone")
    fields = {"village": COUNTY + "100201", "head_name": "吉克阿力", "people": 5}
    records = [str(uuid.uuid4()) for _ in range(20)]
    push(ali, 1, *[upsert(record, fields) for record in records])
    # Conflicts; edits of what is deleted; an edit of nothing; one that can never be applied.
    push(ali, 21, *[upsert(record, {"people": 6}, base=1) for record in records[:8]])
    push(bo, 1, *[upsert(record, {"people": 7}, base=1) for record in records[:8]])
    push(ali, 29, *[{**upsert(record, {}, base=1), "kind": "delete"} for record in records[8:14]])
    push(bo, 9, *[upsert(record, {"people": 7}, base=1) for record in records[8:14]])
    push(bo, 15, upsert(str(uuid.uuid4()), {"people": 1}), upsert(str(uuid.uuid4()), {"people": "five"}))


CALLERS = {"province": ("province", None), "prefecture": ("prefecture", None), "team": ("ali", "a third phone")}
if len(sys.argv) > 2:
    print(sign_in(*CALLERS[sys.argv[2]]))
else:
    fill()
