#!/usr/bin/env bash
five_good_answers
all_passed
own || true
