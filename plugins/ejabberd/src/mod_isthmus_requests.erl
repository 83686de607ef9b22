%%% Which connection has asked which IQ, so that the answer returns to the worker that waits for it.
%%% SPDX-License-Identifier: Apache-2.0
-module(mod_isthmus_requests).

-export([note/2, asker_of/2]).

-include_lib("xmpp/include/xmpp.hrl").

%% The calling connection sends an IQ get or set.
-spec note(stanza(), mod_isthmus_config:hub()) -> ok.
note(#iq{type = Type, id = Id, from = From, to = To}, #{requests := Requests, request_lifetime := Lifetime}) when Type =:= get; Type =:= set ->
    Expires = erlang:monotonic_time(millisecond) + Lifetime,
    _ = mod_isthmus_memory:put(Requests, {jid:tolower(From), jid:tolower(To), Id}, {self(), Expires}),
    ok;
note(_, _Hub) ->
    ok.

%% The connection that waits for this stanza, which may be gone; none if it is no answer, or if nobody has asked.
-spec asker_of(stanza(), mod_isthmus_config:hub()) -> {ok, pid()} | none.
asker_of(#iq{type = Type, id = Id, from = From, to = To}, #{requests := Requests}) when Type =:= result; Type =:= error ->
    Now = erlang:monotonic_time(millisecond),
    case mod_isthmus_memory:take(Requests, {jid:tolower(To), jid:tolower(From), Id}) of
        {ok, {Pid, Expires}} when Now < Expires -> {ok, Pid};
        _ -> none
    end;
asker_of(_, _Hub) ->
    none.
