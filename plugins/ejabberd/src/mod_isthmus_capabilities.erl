%%% Lets contacts of the gateway hear what users publish by personal eventing (XEP-0163), as contacts on any other server do.
%%%
%%% ejabberd tells a contact what the contact's capabilities (XEP-0115) ask for. It takes every contact of its own domains for a user whose
%%% capabilities it has learned at the user's sign-in, so it never asks those whom the gateway serves, nor sends them the last item.
%%% SPDX-License-Identifier: Apache-2.0
-module(mod_isthmus_capabilities).

-export([hook/1, unhook/1, user_receive_packet/1, caps_add/3]).

-include("mod_isthmus.hrl").

%% After other modules, which may drop the presence.
-define(PRIORITY, 90).

-spec hook(binary()) -> ok.
hook(Host) ->
    ejabberd_hooks:add(user_receive_packet, Host, ?MODULE, user_receive_packet, ?PRIORITY),
    ejabberd_hooks:add(caps_add, Host, ?MODULE, caps_add, ?PRIORITY).

-spec unhook(binary()) -> ok.
unhook(Host) ->
    ejabberd_hooks:delete(user_receive_packet, Host, ?MODULE, user_receive_packet, ?PRIORITY),
    ejabberd_hooks:delete(caps_add, Host, ?MODULE, caps_add, ?PRIORITY).

%% A session of a user is shown a contact. mod_caps asks whoever a session says it is, unless it knows these capabilities: so the session says
%% that it is the contact, and the question goes there, with the user as its sender.
-spec user_receive_packet({stanza() | drop, ejabberd_c2s:state()}) -> {stanza() | drop, ejabberd_c2s:state()}.
user_receive_packet({#presence{type = available, from = Contact} = Presence, #{jid := Session, lserver := LServer} = State} = Result) ->
    _ = is_of_gateway(Contact, LServer) andalso gen_mod:is_loaded(LServer, mod_caps) andalso
        mod_caps:user_send_packet({Presence#presence{from = Session, to = jid:remove_resource(Session)}, State#{jid => Contact}}),
    Result;
user_receive_packet(Result) ->
    Result.

%% A session has been shown capabilities of a contact who sees the user: what the user has published last is told. Whose capabilities are asked
%% just now is told everything.
-spec caps_add(jid:jid(), jid:jid(), [binary()]) -> ok.
caps_add(Contact, #jid{lserver = LServer} = Session, Features) ->
    _ = is_of_gateway(Contact, LServer) andalso gen_mod:is_loaded(LServer, mod_pubsub) andalso
        mod_pubsub:caps_update(Contact, Session, case Features of [] -> unknown; _ -> Features end),
    ok.

is_of_gateway(Contact, LServer) ->
    case mod_isthmus_config:component_of(LServer) of
        undefined -> false;
        Component -> mod_isthmus_accounts:is_missing(Contact, Component)
    end.
