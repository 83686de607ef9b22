%%% Grants a contact's wish to see a local user in the user's name: policy has decided, and the user is not asked.
%%%
%%% What follows is what follows when a client of the user sends `subscribed` (RFC 6121 section 3.1.5), by the server's own hands:
%%% roster, roster push, the stanza to the contact, presence of the user's resources.
%%% SPDX-License-Identifier: Apache-2.0
-module(mod_isthmus_approve).

-export([approve/3]).

-include("logger.hrl").
-include_lib("xmpp/include/xmpp.hrl").

-type refusal() :: {error, auth | cancel | wait, Condition :: atom(), Text :: binary()}.

%% Both addresses are bare.
-spec approve(jid:jid(), jid:jid(), binary()) -> ok | refusal().
approve(#jid{luser = LUser, lserver = Server} = User, #jid{lserver = ContactServer} = Contact, Component) ->
    Serves = fun(Domain) -> mod_isthmus_config:component_of(Domain) =:= Component end,
    maybe_grant(User, Contact, [
        {fun() -> Serves(Server) andalso mod_isthmus_accounts:exists(LUser, Server) end,
         {error, cancel, 'item-not-found', <<"The user has no account here">>}},
        {fun() -> Serves(ContactServer) andalso mod_isthmus_accounts:is_missing(Contact, Component) end,
         {error, auth, forbidden, <<"The gateway does not serve this contact">>}},
        {fun() -> not is_blocked(User, Contact) end,
         {error, cancel, 'not-allowed', <<"The user has blocked the contact">>}},
        {fun() -> grant(User, Contact) end,
         {error, wait, 'internal-server-error', <<"The user's roster cannot be written">>}}
    ]).

maybe_grant(User, Contact, []) ->
    ?INFO_MSG("Approved in the name of ~ts: ~ts may see the user", [jid:encode(User), jid:encode(Contact)]),
    ok;
maybe_grant(User, Contact, [{Holds, Refusal} | Rest]) ->
    case Holds() of
        true -> maybe_grant(User, Contact, Rest);
        false -> Refusal
    end.

%% By XEP-0191 or a privacy list.
is_blocked(#jid{lserver = Server} = User, Contact) ->
    Request = #presence{type = subscribe, from = Contact, to = User},
    deny =:= ejabberd_hooks:run_fold(privacy_check_packet, Server, allow, [User, Request, in]).

grant(User, Contact) ->
    case mod_isthmus_roster:lets_in(User, Contact) orelse change_roster(User, Contact) of
        true ->
            ejabberd_router:route(#presence{type = subscribed, from = User, to = Contact}),
            show_presence(User, Contact),
            true;
        false ->
            false
    end.

%% ejabberd ignores `subscribed` for a contact who has not asked, so there has to be a request. No client is shown it: that is done by the part
%% of the server that routes such a request, not by the roster.
change_roster(#jid{lserver = Server} = User, Contact) ->
    _ = ejabberd_hooks:run_fold(roster_in_subscription, Server, false, [#presence{type = subscribe, from = Contact, to = User}]),
    ejabberd_hooks:run(roster_out_subscription, Server, [#presence{type = subscribed, from = User, to = Contact}]),
    mod_isthmus_roster:lets_in(User, Contact).

%% The roster has made the sessions send their presence when it changed; that may have overtaken the `subscribed`, or there was no change.
%% A question to each session makes sure that it has sent it.
show_presence(#jid{luser = LUser, lserver = Server}, Contact) ->
    Sessions = [Session || {_, Session} <- ejabberd_sm:get_session_sids(LUser, Server)],
    lists:foreach(fun(Session) -> ejabberd_c2s:resend_presence(Session, Contact) end, Sessions),
    lists:foreach(fun(Session) -> catch ejabberd_c2s:get_presence(Session) end, Sessions).
